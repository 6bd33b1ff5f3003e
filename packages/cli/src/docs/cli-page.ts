import { envName, OPTIONS, type OptionTable, takesSource } from '@llmload/core'
import { defaultOf, groupsOf, type NamedOption, usageOf } from '../help.js'
import { code, GENERATED, table } from './markdown.js'

const RUN = `# Command line

\`\`\`
llmload [options]                      run a test from this host
llmload --master [options]             run it with workers that join from other hosts, …
llmload --worker --master-host HOST    … where each of them is started so
llmload runs [N] [options]             list the runs of this host
llmload report [RUN] [options]         print the results of one again, in any format
llmload sim [options]                  be a server to test against
\`\`\`

A run without \`--run-time\` and without \`--max-requests\` goes on until Ctrl-C. Ctrl-C (or SIGTERM) ends a run in order: nothing new is sent, requests in flight may finish within \`--stop-timeout\`, and all that was measured is reported. A second Ctrl-C does not wait for them.

Reports go to stdout, log lines to stderr. Exit codes are listed in [errors.md](errors.md), metrics in [metrics.md](metrics.md).
`

const SETTING = `## Where options come from

From the weakest to the strongest:

1. defaults;
2. the config file that \`--config\` names;
3. environment variables; an empty one counts as not set;
4. flags; of two equal ones the last counts.

\`--header\` adds up within one source, and replaces the headers of a weaker one. Everything that is wrong is listed at once, and nothing is started then.

Long names may be written with \`_\` instead of \`-\`, values after a space or \`=\`, and values of letters directly after them (\`-t2m\`). A switch is turned off by \`--no-NAME\`; in variables and files it is true, yes or 1, or false, no or 0.

A time span (SPAN) is a number of seconds, or hours, minutes, seconds and milliseconds in this order: \`90\`, \`30s\`, \`2m\`, \`1min\`, \`1h30m\`, \`1.5m\`, \`500ms\`.

### Config file

Options by their long names, in YAML, JSON or TOML (by the suffix of the file). An unknown name is an error.

\`\`\`yaml
host: http://localhost:8000
provider: vllm
qps: 1
users: 100
spawn-rate: 100
prompt-tokens: 1000
max-tokens: 100
run-time: 2m
summary-file: vllm_locust.csv
header:
  - "x-team: search"
\`\`\`

### Secrets

Give the API key by \`LLMLOAD_API_KEY\`: with \`-k\` everyone on the host can read it in the list of processes. The token of master and workers is taken from \`LLMLOAD_TOKEN\` or \`--token-file\` only. Neither is ever printed, logged, written to a report or handed to another process as an argument; workers get key and headers over their connection to the master.
`

/** `docs/cli.md`: every option of a run, and of the commands that have their own. */
export function cliPage(commands: Readonly<Record<string, OptionTable>>): string {
  const others = Object.entries(commands).flatMap(([name, options]) => [`## llmload ${name}\n`, optionTables(options)])
  return [GENERATED, RUN, '## Options\n', optionTables(OPTIONS), SETTING, ...others].join('\n')
}

function optionTables(options: OptionTable): string {
  return groupsOf(options)
    .map(
      ({ title, options }) =>
        `### ${title}\n\n${table(['option', 'default', 'variable', 'meaning'], options.map(row))}\n`,
    )
    .join('\n')
}

function row({ name, option }: NamedOption): string[] {
  const isText = option.unset === undefined && option.type.placeholder !== null
  const standard = defaultOf(option) || (option.type.placeholder === null ? 'off' : '')
  const variable = takesSource(option, 'env') ? envName(name) : ''
  return [code(usageOf(name, option)), isText ? code(standard) : standard, code(variable), option.help]
}
