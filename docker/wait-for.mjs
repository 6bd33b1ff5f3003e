// node wait-for.mjs URL SECONDS: waits until GET URL answers 200. Exit 1 if it has not by then.
// For what has to start after a master or a simulator where nothing else keeps that order.
import { setTimeout as sleep } from 'node:timers/promises'

const PAUSE_MS = 500
const TIMEOUT_MS = 2000

const [, , url = '', seconds = ''] = process.argv
const limitS = Number(seconds)
if (!URL.canParse(url) || !(limitS > 0)) throw new Error('usage: node wait-for.mjs URL SECONDS')

const deadlineMs = performance.now() + limitS * 1000
let answer = await ask()
while (answer !== '200' && performance.now() < deadlineMs) {
  await sleep(PAUSE_MS)
  answer = await ask()
}
if (answer !== '200') {
  process.stderr.write(`${url} was not there within ${limitS} s; the last try: ${answer}\n`)
  process.exitCode = 1
}

async function ask() {
  try {
    const { status } = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    return String(status)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return error.cause instanceof Error ? error.cause.message : error.message
  }
}
