import type { Plan, SamplingPlan, TargetPlan } from '../plan.js'
import type { Endpoint } from './endpoint.js'
import { OpenAiAnswer } from './openai-events.js'

/** The API as OpenAI documents it: `/v1/completions` and `/v1/chat/completions`. */
export const openai: Endpoint = {
  requestPath,
  requestBody: (plan, prompt) => JSON.stringify(openaiBody(plan, prompt)),
  answer: (timeline, wanted) => new OpenAiAnswer(timeline, wanted),
}

/** The same on a vLLM server, which is told to generate all tokens asked for. */
export const vllm: Endpoint = {
  ...openai,
  requestBody: (plan, prompt) => JSON.stringify({ ...openaiBody(plan, prompt), ignore_eos: true }),
}

function requestPath(target: TargetPlan): string {
  return target.chat ? '/v1/chat/completions' : '/v1/completions'
}

/** Fields in the order in which llm_bench sends them, so that captured bodies can be compared. */
function openaiBody({ target, sampling, workload }: Plan, prompt: string): object {
  return {
    model: target.model,
    max_tokens: workload.maxTokens,
    stream: target.stream,
    temperature: sampling.temperature,
    n: sampling.n,
    ...(target.stream && { stream_options: { include_usage: true } }),
    ...(sampling.topK !== null && { top_k: sampling.topK }),
    ...logprobsField(sampling, target),
    ...(target.chat ? { messages: [{ role: 'user', content: prompt }] } : { prompt }),
  }
}

/** Completions take the number itself; chat takes a switch, and the number beside it. */
function logprobsField({ logprobs }: SamplingPlan, { chat }: TargetPlan): object {
  if (logprobs === null) return {}
  return chat ? { logprobs: true, top_logprobs: logprobs } : { logprobs }
}
