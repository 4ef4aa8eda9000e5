/** The files of a drop, those in folders too. */
export async function dropped(data: DataTransfer): Promise<File[]> {
  // Both must be asked for before the first wait: the browser empties the drop after its event.
  const entries = [...data.items].map((i) => (i.kind === 'file' ? i.webkitGetAsEntry() : null)).filter((e) => e !== null)
  const plain = [...data.files]
  if (!entries.some((e) => e.isDirectory)) return plain
  return (await Promise.all(entries.map(within))).flat()
}

async function within(entry: FileSystemEntry): Promise<File[]> {
  if (entry.name.startsWith('.')) return []
  if (entry.isFile) return [await new Promise<File>((done, fail) => (entry as FileSystemFileEntry).file(done, fail))]
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  const found: File[] = []
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((done, fail) => reader.readEntries(done, fail))
    if (some.length === 0) return found
    found.push(...(await Promise.all(some.map(within))).flat())
  }
}
