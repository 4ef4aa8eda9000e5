// Runs a command that starts a server for the browser tests, beside a stand-in for the model hub and with a
// folder of models of its own, which has the small chat model under a second id: two answer side by side,
// and a download leaves nothing behind. PARLEY_TEST_DATA holds the engine and the models.
import { spawn } from 'node:child_process'
import { mkdtempSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { startHub } from './hub.mjs'

const data = resolve(process.env.PARLEY_TEST_DATA ?? '.cache/test-data')
const small = join(data, 'models', 'smollm2-135m-instruct.gguf')
const own = mkdtempSync(join(tmpdir(), 'parley-browser-'))
mkdirSync(join(own, 'models'))
symlinkSync(join(data, 'engine'), join(own, 'engine'))
for (const name of readdirSync(join(data, 'models'))) {
  if (/^[^.].*\.(gguf|json)$/.test(name)) symlinkSync(join(data, 'models', name), join(own, 'models', name))
}
symlinkSync(small, join(own, 'models', 'smollm2-twin.gguf'))

const hub = await startHub(small)
const [command, ...args] = process.argv.slice(2)
const env = { ...process.env, PARLEY_TEST_DATA: own, PARLEY_MODELS_HUB_URL: hub.url, PARLEY_E2E_HUB: hub.url }
const child = spawn(command, args, { stdio: 'inherit', env })
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
child.on('exit', (code) => {
  hub.close()
  rmSync(own, { recursive: true, force: true })
  process.exitCode = code ?? 1
})
