// Runs the browser tests against the mock: `npm run build && npm run e2e:mock`.
import { spawn } from 'node:child_process'
import { startMock } from '../dev/mock/server.mjs'

const mock = await startMock({ pace: 4 })
const tests = process.argv.slice(2)
const env = {
  ...process.env,
  PARLEY_E2E_URL: mock.url,
  PARLEY_E2E_SETUP: `${mock.url}/setup?token=${mock.state.setupToken}`,
  PARLEY_E2E_MOCK: '1',
}
const child = spawn(process.execPath, ['e2e/run.mjs', ...tests], { stdio: 'inherit', env })
child.on('exit', (code) => {
  void mock.close().then(() => process.exit(code ?? 1))
})
