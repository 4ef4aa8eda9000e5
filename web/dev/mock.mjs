// A stand-in for the server, to work on the page: `npm run mock`, then `npm run dev`.
// MOCK_PORT (8099), MOCK_PACE (milliseconds a token), MOCK_EMPTY=1 (not set up yet).
import { startMock } from './mock/server.mjs'

const empty = Boolean(process.env.MOCK_EMPTY)
const mock = await startMock({
  port: Number(process.env.MOCK_PORT ?? 8099),
  pace: Number(process.env.MOCK_PACE ?? 25),
  seeded: !empty,
})
console.log(`mock server at ${mock.url}`)
console.log(empty ? `set up at ${mock.url}/setup?token=${mock.state.setupToken}` : 'sign in as ada@example.com with "correct horse"')
