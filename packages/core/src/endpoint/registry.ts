import type { Plan, Provider, TargetPlan } from '../plan.js'
import type { Endpoint } from './endpoint.js'
import { openai, vllm } from './openai.js'

const ENDPOINTS: Record<Provider, Endpoint> = { vllm, openai }

export const endpointOf = (provider: Provider): Endpoint => ENDPOINTS[provider]

/** Path to post to, without the prefix that the base URL may have; it names the row in the tables. */
export const requestPath = (target: TargetPlan): string => endpointOf(target.provider).requestPath(target)

/** The JSON text to post for a prompt. */
export const requestBody = (plan: Plan, prompt: string): string =>
  endpointOf(plan.target.provider).requestBody(plan, prompt)
