import { ERROR_CODES, type ErrorCode, EXIT, type ExitCode, FAILURE_CLASSES, type FailureClass } from '@llmload/core'
import { code, GENERATED, table } from './markdown.js'

const EXIT_MEANINGS: Record<ExitCode, string> = {
  [EXIT.ok]: 'The run was carried out, and its failure ratio is within `--max-fail-ratio`.',
  [EXIT.failures]: 'More requests failed than `--max-fail-ratio` allows, or none was measured.',
  [EXIT.usage]: 'An option, a file or a variable is wrong. Nothing was started.',
  [EXIT.notCarriedOut]: 'The run could not be carried out: target unreachable, workers lost, not ready in time.',
  [EXIT.invalid]: 'The verdict is INVALID, and `--require-valid` was asked for.',
  [EXIT.threshold]: 'A threshold failed.',
}

const REMEDIES: Record<ErrorCode, string> = {
  BAD_OPTIONS:
    'Each problem names the option as you wrote it and says what it takes. [cli.md](cli.md) lists all options.',
  TOKENIZER:
    'Give `--tokenizer` a folder with `tokenizer.json`, such a file, or a name of the Hugging Face hub. For a model that is not public set `HF_TOKEN`; without a network download it before.',
  OUTPUT_FILE: 'Files are checked before the run: choose one in a folder that exists and that you may write to.',
  RUN_FOLDER:
    '`llmload runs` lists the runs that there are. A folder can be read without llmload too: [run-history.md](run-history.md).',
  PORT_IN_USE: 'End the other master, or choose a port above 1023 with `--master-port`.',
  UNKNOWN_MODEL: 'Take one of the models that the message lists, or leave `--model` out.',
  TARGET_UNREACHABLE: 'Start the server and wait until it answers; check scheme, host and port of `--host`.',
  TARGET_REFUSED:
    'The message quotes the server. 401 and 403: set `LLMLOAD_API_KEY`. 404: check the path of `--host`, and try `--chat` for a model without completions.',
  MASTER_UNREACHABLE:
    'Start the master first; check `--master-host`, `--master-port` and firewalls. A worker that loses its master stops its load.',
  MASTER_REFUSED: 'Use the same version on all hosts, and the token that the master printed as `LLMLOAD_TOKEN`.',
  WORKER_LOST: 'Look at the log of the workers. What they had sent until then is in the report.',
  PREPARE_FAILED: 'The message quotes the worker.',
  BARRIER_TIMEOUT: 'Start the workers that are missing, or raise `--expect-workers-max-wait`.',
  INTERNAL: 'Please report it, with the lines that were printed.',
}

interface FailureText {
  readonly meaning: string
  readonly remedy: string
}

const FAILURES: Record<FailureClass, FailureText> = {
  connect: {
    meaning: 'No connection: refused, unreachable, name not found, or no answer to the attempt.',
    remedy:
      'Is the server up, and its backlog long enough? Many at once: look for a limit of open files or ports on either side.',
  },
  tls: {
    meaning: 'The connection could not be encrypted, or the certificate is not trusted.',
    remedy: 'Name a private authority in `NODE_EXTRA_CA_CERTS`; use the host name that the certificate has.',
  },
  timeout_total: {
    meaning: 'Not at its end within `--timeout`.',
    remedy: 'The server is slower than you allow: less load, or more time.',
  },
  timeout_progress: {
    meaning: 'Nothing was received for `--progress-timeout`.',
    remedy: 'The server is stuck, or requests queue that long before their first token.',
  },
  shed: {
    meaning: 'HTTP 429, or 503 with `Retry-After`: the server limits its load. Nothing is sent again.',
    remedy:
      'Lower `--qps` or `--users`, or raise the limit of the server. How long it asks to wait stands in the notes, and under `retry_after` in JSON.',
  },
  status: {
    meaning: 'Another status than 2xx; the message quotes the body.',
    remedy: '503 may be a gateway without a server behind it, 400 is a request that is not taken, 401 a key.',
  },
  reset: {
    meaning: 'The connection broke before the answer was complete.',
    remedy: 'The server or something on the way crashed, restarted or cut it off.',
  },
  truncated: {
    meaning: 'The answer ended in order, but before it was complete: no finish reason and no `[DONE]`.',
    remedy: 'A proxy with a time-out of its own ends streams so; so do servers that shut down.',
  },
  in_stream_error: {
    meaning: 'The stream brought an error object; the message quotes it.',
    remedy: 'Look for it in the log of the server.',
  },
  parse: {
    meaning: 'The answer is not what the API defines: no JSON, no event stream.',
    remedy: 'Does `--host` lead to an inference server, and not to a page of a proxy?',
  },
  empty: {
    meaning: 'A complete answer without any generated token.',
    remedy: 'Check the prompt and the template of the model; with `--provider vllm` answers have their full length.',
  },
}

/** `docs/errors.md`: exit codes, error codes, classes of failed requests. */
export function errorsPage(): string {
  const exits = Object.entries(EXIT_MEANINGS).map(([exit, meaning]) => [code(exit), meaning])
  const errors = Object.entries(ERROR_CODES).map(([name, { exit, meaning }]) => [
    code(name),
    code(String(exit)),
    meaning,
    REMEDIES[name as ErrorCode],
  ])
  const failures = FAILURE_CLASSES.map((name) => [code(name), FAILURES[name].meaning, FAILURES[name].remedy])
  return `${GENERATED}
# Errors

## Exit codes

${table(['code', 'meaning'], exits)}

A process that a third Ctrl-C ended has 130.

## Error codes

When llmload gives up, the last lines on stderr are \`llmload: CODE: what happened\` and, indented, what to do.

${table(['code', 'exit', 'meaning', 'what to do'], errors)}

## Failed requests

A failed request is data, not an error: it is counted by its class, with the server's own words where it gave any, and the run goes on.

${table(['class', 'meaning', 'what to do'], failures)}
`
}
