/** Offers a text to the reader as a file. */
export function save(name: string, text: string, type = 'text/plain') {
  const url = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // The browser has taken the data by then, or waits for the reader to say where.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
