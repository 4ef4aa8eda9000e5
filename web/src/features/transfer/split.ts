/**
 * Cuts the conversations out of a file that is read piece by piece, so that a file of any size is never
 * in memory as a whole. It knows three shapes: a list of conversations (ChatGPT), an object with a list
 * under "conversations" (an export of Parley), and a single conversation.
 */
export class Splitter {
  private depth = 0
  private inText = false
  private escaped = false
  /** The depth at which conversations begin; undefined until it is known. */
  private level: number | undefined
  private started = false
  private entry = ''
  private inEntry = false
  private tooLong = false
  /** The whole text of an object that may turn out to be one conversation. */
  private whole = ''
  private key = ''
  private lastKey = ''
  private inKey = false
  private ended = false

  /** `longest` is how many characters a conversation may have; a longer one comes out as null. */
  constructor(private longest: number) {}

  /** Takes a piece of the file, and returns the conversations that it completes. */
  feed(piece: string): (string | null)[] {
    const out: (string | null)[] = []
    let from = 0
    for (let i = 0; i < piece.length; i++) {
      const c = piece[i]
      if (this.inText) {
        if (this.escaped) this.escaped = false
        else if (c === '\\') this.escaped = true
        else if (c === '"') {
          this.inText = false
          if (this.inKey) this.lastKey = this.key
          this.inKey = false
        }
        if (this.inKey) this.key += c
        continue
      }
      if (c === '"') {
        this.inText = true
        this.inKey = this.level === undefined && this.depth === 1
        this.key = ''
      } else if (c === '{' || c === '[') {
        if (this.level === undefined) this.find(c)
        this.depth++
        if (c === '{' && this.depth === this.level) {
          from = i
          this.inEntry = true
        }
      } else if (c === '}' || c === ']') {
        if (this.inEntry && this.depth === this.level) {
          this.keep(piece.slice(from, i + 1))
          out.push(this.tooLong ? null : this.entry)
          this.inEntry = false
          this.entry = ''
          this.tooLong = false
        }
        this.depth--
        if (this.level !== undefined && this.depth < this.level - 1) this.ended = true
        // Behind the list of an export comes nothing that is wanted.
        if (this.ended) this.level = Infinity
      }
    }
    if (this.inEntry) this.keep(piece.slice(from))
    if (this.level === undefined && this.started) this.whole += this.whole.length > this.longest ? '' : piece
    return out
  }

  /** The file has ended. It returns what is left: a file that is one conversation. */
  end(): (string | null)[] {
    if (this.level !== undefined || !this.started) return []
    return [this.whole.length > this.longest ? null : this.whole.replace(/^\uFEFF/, '')]
  }

  // An opening bracket, while it is not known yet where conversations are.
  private find(c: string) {
    if (!this.started) {
      this.started = true
      if (c === '[') this.level = 2
    } else if (c === '[' && this.depth === 1 && this.lastKey === 'conversations') {
      this.level = 3
      this.whole = ''
    }
  }

  private keep(part: string) {
    if (this.tooLong || this.entry.length + part.length > this.longest) {
      this.tooLong = true
      this.entry = ''
    } else this.entry += part
  }
}
