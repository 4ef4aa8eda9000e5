// A stand-in for the model hub: every file of every repository is the one file that it is given. It hands it
// out slowly, so that there is something to see, to pause and to resume; what is resumed comes faster.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

/** Bytes a second: of a transfer that begins, and of one that goes on. */
const rate = { begun: 4e6, resumed: 12e6 }
const piece = 256 << 10

async function digestOf(path) {
  const sum = createHash('sha256')
  for await (const part of createReadStream(path)) sum.update(part)
  return sum.digest('hex')
}

/** Starts the hub on a free port. `ranges` is what each transfer asked for, '' for the whole file. */
export async function startHub(path) {
  const { size } = await stat(path)
  const digest = await digestOf(path)
  const ranges = []

  async function send(req, res) {
    const from = Number(/^bytes=(\d+)-$/.exec(req.headers.range ?? '')?.[1] ?? 0)
    ranges.push(req.headers.range ?? '')
    res.writeHead(from > 0 ? 206 : 200, {
      ETag: `"${digest}"`,
      'Content-Length': size - from,
      ...(from > 0 && { 'Content-Range': `bytes ${from}-${size - 1}/${size}` }),
    })
    const file = await open(path)
    const began = performance.now()
    try {
      const buffer = Buffer.alloc(piece)
      for (let at = from; at < size && !res.destroyed; ) {
        const { bytesRead } = await file.read(buffer, 0, piece, at)
        at += bytesRead
        // The buffer is used again only when the socket is done with it.
        await new Promise((done) => res.write(buffer.subarray(0, bytesRead), done))
        const due = ((at - from) / (from > 0 ? rate.resumed : rate.begun)) * 1000
        await sleep(Math.max(0, due - (performance.now() - began)))
      }
    } finally {
      await file.close()
      res.end()
    }
  }

  const server = createServer((req, res) => {
    if (req.url === '/__hub') res.end(JSON.stringify({ ranges }))
    else if (!/^\/[^/]+\/[^/]+\/resolve\//.test(req.url)) res.writeHead(404).end()
    else if (req.method === 'HEAD') res.writeHead(200, { 'X-Linked-Etag': `"${digest}"`, 'X-Linked-Size': size, 'X-Repo-Commit': 'a1b2c3' }).end()
    else send(req, res).catch((err) => res.destroy(err))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
