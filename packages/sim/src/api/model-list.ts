import type { ModelLimits } from './generation-request.js'

/** The answer to GET /v1/models, in vLLM's form. `startedS`: Unix seconds. */
export function modelList({ model, contextLength }: ModelLimits, startedS: number): object {
  const permission = {
    id: 'modelperm-00000000000000000000000000000000',
    object: 'model_permission',
    created: startedS,
    allow_create_engine: false,
    allow_sampling: true,
    allow_logprobs: true,
    allow_search_indices: false,
    allow_view: true,
    allow_fine_tuning: false,
    organization: '*',
    group: null,
    is_blocking: false,
  }
  const card = {
    id: model,
    object: 'model',
    created: startedS,
    owned_by: 'vllm',
    root: model,
    parent: null,
    max_model_len: contextLength,
    permission: [permission],
  }
  return { object: 'list', data: [card] }
}
