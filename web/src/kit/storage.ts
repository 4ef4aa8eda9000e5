/** A store of short texts. When the browser refuses to keep them they last as long as the page. */
class Store {
  private own = new Map<string, string>()
  private area: Storage | undefined

  constructor(open: () => Storage) {
    try {
      this.area = open()
    } catch {
      // Closed to this page, by a setting of the browser.
    }
  }

  get(key: string): string | undefined {
    return this.area?.getItem(key) ?? this.own.get(key)
  }

  set(key: string, value: string) {
    try {
      this.area?.setItem(key, value)
      this.own.delete(key)
    } catch {
      this.own.set(key, value)
    }
    if (!this.area) this.own.set(key, value)
  }

  remove(key: string) {
    this.area?.removeItem(key)
    this.own.delete(key)
  }

  keys(): string[] {
    return [...(this.area ? Object.keys(this.area) : []), ...this.own.keys()]
  }
}

/** The reader's settings on this machine. */
export const settings = new Store(() => localStorage)

/** What belongs to this tab, and goes with it. */
export const tab = new Store(() => sessionStorage)
