import type { RunReport } from '@llmload/core'
import type { FinalView, Reporter } from './reporter.js'

/** `--json`: the whole report as one object. */
export class JsonReporter implements Reporter {
  readonly #write: (text: string) => void

  constructor(write: (text: string) => void) {
    this.#write = write
  }

  onEnd({ report }: FinalView): void {
    this.#write(jsonText(report))
  }
}

export const jsonText = (report: RunReport): string => `${JSON.stringify(report, null, 2)}\n`
