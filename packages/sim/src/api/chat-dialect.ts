import type { Dialect, ScoredText } from './dialect.js'

const MESSAGE_NULLS =
  '"refusal":null,"annotations":null,"audio":null,"function_call":null,"tool_calls":[],"reasoning":null,"reasoning_content":null'

export const chatDialect: Dialect = {
  idPrefix: 'chatcmpl-',
  chunkObject: 'chat.completion.chunk',
  wholeObject: 'chat.completion',

  opening: (head, { index, promptTokenIds }, usage) =>
    `${head}[{"index":${index},"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]${usage},` +
    `"prompt_token_ids":${promptTokenIds}}`,

  chunk: (head, { index, text, logprobs, finishReason, tokenIds }, usage) => {
    const stopReason = finishReason === 'null' ? '' : ',"stop_reason":null'
    return (
      `${head}[{"index":${index},"delta":{"content":${text}},"logprobs":${logprobs},` +
      `"finish_reason":${finishReason}${stopReason},"token_ids":${tokenIds}}]${usage}}`
    )
  },

  whole: (head, choices, usage) => {
    const texts = choices.map(
      ({ index, text, logprobs, finishReason, tokenIds }) =>
        `{"index":${index},"message":{"role":"assistant","content":${text},${MESSAGE_NULLS}},"logprobs":${logprobs},` +
        `"finish_reason":${finishReason},"stop_reason":null,"token_ids":${tokenIds}}`,
    )
    const tail =
      `"service_tier":null,"system_fingerprint":null,"usage":${usage},"prompt_logprobs":null,` +
      `"prompt_token_ids":${choices[0]?.promptTokenIds ?? 'null'},"kv_transfer_params":null`
    return `${head}[${texts.join(',')}],${tail}}`
  },

  logprobs: (tokens, wanted) =>
    JSON.stringify({
      content: tokens.map((token) => ({
        ...scored(token),
        top_logprobs: token.top.slice(0, wanted).map(scored),
      })),
    }),
}

const scored = ({ text, logprob }: ScoredText) => ({ token: text, logprob, bytes: [...Buffer.from(text)] })
