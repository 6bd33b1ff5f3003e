import { LoadError, type Problem } from '@llmload/core'

/** All that is wrong with options, environment and config file as one error, numbered if it is more than one thing. */
export function badOptions(problems: readonly Problem[], help: string): LoadError {
  const [only, ...more] = problems
  if (only !== undefined && more.length === 0) {
    return new LoadError('BAD_OPTIONS', only.message, only.hint ?? `${help} explains every option`)
  }
  const items = problems.map(({ message, hint }, i) => `${i + 1}. ${message}${hint ? `\n   ${hint}` : ''}`)
  return new LoadError(
    'BAD_OPTIONS',
    `${problems.length} problems`,
    [...items, `${help} explains every option`].join('\n'),
  )
}
