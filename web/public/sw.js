// Lets the page be installed and open without a network: it keeps the page's own files, and nothing that a
// person wrote or read. Answers of the API never pass through here.
const files = 'parley-files'
const entry = '/'

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(files).then((cache) => cache.add(new Request(entry, { cache: 'reload' }))))
})

self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))

self.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== location.origin) return
  if (request.mode === 'navigate') {
    // What the server has for other addresses than the page's, such as /docs, is left alone.
    if (/^\/($|c\/|sign-in|setup|join|share\/|admin)/.test(url.pathname)) event.respondWith(open(request))
  } else if (url.pathname.startsWith('/assets/')) {
    event.respondWith(asset(request))
  }
})

// The newest page, or without a network the one that was seen last. Every address has the same one.
async function open(request) {
  try {
    const answer = await fetch(request)
    if (answer.ok && answer.headers.get('Content-Type')?.startsWith('text/html')) await keep(answer.clone())
    return answer
  } catch (err) {
    const kept = await caches.match(entry)
    if (kept) return kept
    throw err
  }
}

// Keeps the page. When it names other files than before, a new version was installed and the old files go.
async function keep(answer) {
  const cache = await caches.open(files)
  const [now, before] = await Promise.all([answer.clone().text(), cache.match(entry).then((old) => old?.text())])
  if (before !== undefined && names(before) !== names(now)) await caches.delete(files)
  const fresh = await caches.open(files)
  await fresh.put(entry, answer)
}

const names = (html) => (html.match(/\/assets\/[^"']+/g) ?? []).join()

// A file's name changes with its content, so that one that is here is right.
async function asset(request) {
  const kept = await caches.match(request)
  if (kept) return kept
  const answer = await fetch(request)
  if (answer.ok) {
    const copy = answer.clone()
    await caches.open(files).then((cache) => cache.put(request, copy))
  }
  return answer
}
