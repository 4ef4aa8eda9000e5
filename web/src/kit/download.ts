/** Has the browser save what an address of this server answers, under the name that the answer gives. */
export function download(path: string, name = '') {
  const link = document.createElement('a')
  link.href = path
  link.download = name
  document.body.append(link)
  link.click()
  link.remove()
}
