import { printable, type RunReport } from '@llmload/core'

/** The verdict with its reasons and remedies, then what else a reader should know; ends in an empty line. */
export function verdictText({ verdict, reasons, notes }: Pick<RunReport, 'verdict' | 'reasons' | 'notes'>): string {
  const lines = [`Verdict: ${verdict}`]
  for (const { verdict: severity, worker, message, hint } of reasons) {
    lines.push(`  ${severity}: ${worker === null ? '' : `worker ${worker}: `}${message}`, `    ${hint}`)
  }
  if (notes.length > 0) lines.push('Notes')
  for (const note of notes) lines.push(`  ${note}`)
  return `${lines.map(printable).join('\n')}\n\n`
}
