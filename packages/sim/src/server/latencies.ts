import type { Exchange } from './exchange.js'

// Upper bounds in seconds, as vLLM has them (vllm/v1/metrics/loggers.py).
const FIRST_TOKEN_S = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560,
]
const TOKEN_S = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80]
const REQUEST_S = [0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680]

/** A histogram in the way of Prometheus. */
export class BucketCounts {
  readonly bounds: readonly number[]
  /** Values up to each bound, and not up to the one before; the last one is for what is above all. */
  readonly counts: number[]
  sum = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0)
  }

  add(value: number): void {
    const found = this.bounds.findIndex((bound) => value <= bound)
    const at = found < 0 ? this.bounds.length : found
    this.counts[at] = (this.counts[at] ?? 0) + 1
    this.sum += value
  }
}

/** How long generations took, from the true send times, under vLLM's names. They are added when they end. */
export class Latencies {
  readonly histograms = {
    time_to_first_token_seconds: new BucketCounts(FIRST_TOKEN_S),
    inter_token_latency_seconds: new BucketCounts(TOKEN_S),
    time_per_output_token_seconds: new BucketCounts(TOKEN_S),
    request_time_per_output_token_seconds: new BucketCounts(TOKEN_S),
    e2e_request_latency_seconds: new BucketCounts(REQUEST_S),
    request_queue_time_seconds: new BucketCounts(REQUEST_S),
  }

  add({ receivedMs, startMs, endMs, chunkMs, sentTokens, ending }: Exchange): void {
    const histograms = this.histograms
    const firstMs = chunkMs[0]
    const lastMs = chunkMs.at(-1)
    if (!Number.isNaN(startMs)) histograms.request_queue_time_seconds.add((startMs - receivedMs) / 1000)
    if (firstMs === undefined || lastMs === undefined) return
    histograms.time_to_first_token_seconds.add((firstMs - receivedMs) / 1000)
    for (let i = 1; i < chunkMs.length; i++) {
      const gapS = ((chunkMs[i] ?? lastMs) - (chunkMs[i - 1] ?? firstMs)) / 1000
      histograms.inter_token_latency_seconds.add(gapS)
      // Its name until vLLM 0.11; who scrapes may know it by either.
      histograms.time_per_output_token_seconds.add(gapS)
    }
    if (ending !== 'finished') return
    histograms.e2e_request_latency_seconds.add((endMs - receivedMs) / 1000)
    if (chunkMs.length > 1) {
      histograms.request_time_per_output_token_seconds.add((lastMs - firstMs) / 1000 / (sentTokens - 1))
    }
  }
}
