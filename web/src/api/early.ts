// Requests that are made before the page's scripts are there. It imports nothing, so that it can go first.
const begun = new Map<string, Promise<Response>>()

/** Asks for an address of the API; the first `get` of it takes the answer. */
export function begin(path: string) {
  const answer = fetch(path, { credentials: 'same-origin', headers: { Accept: 'application/json' } })
  // Nobody may come for it.
  answer.catch(() => {})
  begun.set(path, answer)
}

/** A copy of the answer to a request that was just made early; it is still there to be taken. */
export const peek = async (path: string) => (await begun.get(path))?.clone()

/** The answer to a request that was made early, once. */
export function take(path: string): Promise<Response> | undefined {
  const answer = begun.get(path)
  begun.delete(path)
  return answer
}
