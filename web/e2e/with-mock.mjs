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
const files = tests.length > 0 ? tests : ['e2e/page.test.mjs', 'e2e/work.test.mjs', 'e2e/trouble.test.mjs', 'e2e/admin.test.mjs', 'e2e/crowd.test.mjs']
const child = spawn(process.execPath, ['--test', '--test-concurrency=1', ...files], { stdio: 'inherit', env })
child.on('exit', (code) => {
  void mock.close().then(() => process.exit(code ?? 1))
})
