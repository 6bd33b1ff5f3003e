import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { plan } from '../../../../test/support/plan.js'
import type { Plan, SamplingPlan, TargetPlan } from '../plan.js'
import { requestBody, requestPath } from './registry.js'

const TARGET: TargetPlan = {
  provider: 'vllm',
  baseUrl: 'http://h/prefix',
  model: 'M',
  chat: false,
  stream: true,
  thinkTags: false,
}

function planOf(target: Partial<TargetPlan>, sampling: Partial<SamplingPlan> = {}, maxTokens = 3): Plan {
  return plan({
    target: { ...TARGET, ...target },
    sampling,
    workload: { promptTokens: 2, maxTokens },
  })
}

describe('the path', () => {
  test('is that of completions', () => expect(requestPath(TARGET)).toBe('/v1/completions'))
  test('is that of chat', () => expect(requestPath({ ...TARGET, chat: true })).toBe('/v1/chat/completions'))
})

describe('the body', () => {
  const bodies: { story: string; plan: Plan; body: string }[] = [
    {
      story: 'of a completion in a stream, as the guide has it',
      plan: planOf({ provider: 'openai' }),
      body: '{"model":"M","max_tokens":3,"stream":true,"temperature":1,"n":1,"stream_options":{"include_usage":true},"prompt":"P Q"}',
    },
    {
      story: 'for vLLM ends in ignore_eos',
      plan: planOf({ stream: false }),
      body: '{"model":"M","max_tokens":3,"stream":false,"temperature":1,"n":1,"prompt":"P Q","ignore_eos":true}',
    },
    {
      story: 'of a chat has messages in place of the prompt',
      plan: planOf({ provider: 'openai', chat: true, stream: false }),
      body: '{"model":"M","max_tokens":3,"stream":false,"temperature":1,"n":1,"messages":[{"role":"user","content":"P Q"}]}',
    },
    {
      story: 'has top_k and the number of logprobs before the prompt',
      plan: planOf({ provider: 'openai', stream: false }, { topK: 5, logprobs: 2, temperature: 0.5, n: 4 }),
      body: '{"model":"M","max_tokens":3,"stream":false,"temperature":0.5,"n":4,"top_k":5,"logprobs":2,"prompt":"P Q"}',
    },
    {
      story: 'of a chat has logprobs as a switch and their number beside it',
      plan: planOf({ provider: 'openai', chat: true, stream: false }, { logprobs: 0 }),
      body: '{"model":"M","max_tokens":3,"stream":false,"temperature":1,"n":1,"logprobs":true,"top_logprobs":0,"messages":[{"role":"user","content":"P Q"}]}',
    },
  ]

  test.each(bodies)('$story', ({ plan, body }) => {
    expect(requestBody(plan, 'P Q')).toBe(body)
  })

  test('has the fields and the order of those that llm_bench sent to vLLM', () => {
    const recorded = recordedBodies()
    expect(recorded.length).toBeGreaterThan(15)
    for (const { args, max_tokens, chat, data } of recorded) {
      const option = (name: string) => (args.includes(name) ? Number(args[args.indexOf(name) + 1]) : null)
      const sampling = { logprobs: option('--logprobs'), n: option('-n') ?? 1 }
      const plan = planOf({ chat, stream: !args.includes('--no-stream') }, sampling, max_tokens)
      expect(requestBody(plan, 'P Q')).toBe(JSON.stringify(JSON.parse(data)))
    }
  })
})

interface RecordedBody {
  args: string[]
  max_tokens: number
  chat: boolean
  data: string
}

/** Bodies that llm_bench's present revision sent for completions and chats. */
function recordedBodies(): RecordedBody[] {
  interface Case {
    rev: string
    provider: string
    url: string
    args: string[]
    max_tokens: number
    sent_kwargs: { data: string }
  }
  const cases: Case[] = JSON.parse(
    readFileSync(new URL('../stream/fixtures/timeline-oracle.json', import.meta.url), 'utf8'),
  )
  return cases
    .filter(({ rev, provider, url }) => rev === 'HEAD' && provider === 'vllm' && url.endsWith('completions'))
    .map(({ args, max_tokens, url, sent_kwargs }) => ({ args, max_tokens, chat: url.includes('chat'), ...sent_kwargs }))
}
