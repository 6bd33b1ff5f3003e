import type { Dialect, TokenLogprob } from './dialect.js'

export const completionDialect: Dialect = {
  idPrefix: 'cmpl-',
  chunkObject: 'text_completion',
  wholeObject: 'text_completion',

  opening: () => null,

  chunk: (head, { index, text, logprobs, finishReason, tokenIds, promptTokenIds }, usage) =>
    `${head}[{"index":${index},"text":${text},"logprobs":${logprobs},"finish_reason":${finishReason},"stop_reason":null,` +
    `"prompt_token_ids":${promptTokenIds},"token_ids":${tokenIds}}]${usage}}`,

  whole: (head, choices, usage) => {
    const texts = choices.map(
      ({ index, text, logprobs, finishReason, tokenIds, promptTokenIds }) =>
        `{"index":${index},"text":${text},"logprobs":${logprobs},"finish_reason":${finishReason},"stop_reason":null,` +
        `"token_ids":${tokenIds},"prompt_logprobs":null,"prompt_token_ids":${promptTokenIds}}`,
    )
    const tail = `"service_tier":null,"system_fingerprint":null,"usage":${usage},"kv_transfer_params":null`
    return `${head}[${texts.join(',')}],${tail}}`
  },

  logprobs: (tokens, wanted, textOffset) =>
    JSON.stringify({
      text_offset: offsets(tokens, textOffset),
      token_logprobs: tokens.map((token) => token.logprob),
      tokens: tokens.map((token) => token.text),
      // The token itself always stands in its own map, even where no alternative was asked for.
      top_logprobs: tokens.map(({ top }) =>
        Object.fromEntries(top.slice(0, Math.max(wanted, 1)).map(({ text, logprob }) => [text, logprob])),
      ),
    }),
}

function offsets(tokens: readonly TokenLogprob[], textOffset: number): number[] {
  let offset = textOffset
  return tokens.map(({ text }) => {
    const own = offset
    offset += [...text].length
    return own
  })
}
