import { OPTIONS } from '@llmload/core'
import { describe, expect, test } from 'vitest'
import { readFlags } from './args.js'

const textsOf = (line: string) =>
  readFlags(line.split(' '), OPTIONS).settings.map(({ option, text }) => `${option}=${text}`)
const problemsOf = (line: string) => readFlags(line.split(' '), OPTIONS).problems.map(({ message }) => message)

describe('flags', () => {
  test.each([
    { line: '--users 5', settings: ['users=5'] },
    { line: '--users=5', settings: ['users=5'] },
    { line: '-u 5 -u5 -u=5', settings: ['users=5', 'users=5', 'users=5'] },
    { line: '-t2m -Hhttp://gpu:8000', settings: ['run-time=2m', 'host=http://gpu:8000'] }, // as Locust's users type it
    { line: '--max-tokens 5 --max_tokens 6', settings: ['max-tokens=5', 'max-tokens=6'] },
    { line: '--processes -1', settings: ['processes=-1'] }, // a number, not an option
    { line: '--chat --no-stream', settings: ['chat=true', 'stream=false'] },
    { line: '--only_summary --no_headless', settings: ['only-summary=true', 'headless=false'] },
    { line: '--stream=no', settings: ['stream=no'] },
    { line: '--header a:1 --header b:2', settings: ['header=a:1', 'header=b:2'] },
    { line: '--prompt --model=x', settings: [] }, // a prompt that was forgotten, not one called --model=x
    { line: '--prompt=--chat', settings: ['prompt=--chat'] },
  ])('$line', ({ line, settings }) => {
    expect(textsOf(line)).toEqual(settings)
  })

  test('keep the spelling in which they were typed', () => {
    const { settings } = readFlags(['-u', '1', '--spawn_rate', '2', '--no-chat'], OPTIONS)
    expect(settings.map(({ typed }) => typed)).toEqual(['-u', '--spawn_rate', '--no-chat'])
  })

  test.each([
    { line: '--qsp 5', problem: '--qsp is not an option' }, // and its 5 is no second problem
    { line: '--constructor', problem: '--constructor is not an option' }, // what every object has is no option
    { line: '-x', problem: '-x is not an option' },
    { line: '--no-qps', problem: '--no-qps is not an option' }, // not a switch
    { line: '--users', problem: '--users needs a value' },
    { line: '--model --chat', problem: '--model needs a value; what follows it looks like an option' },
    { line: '--chat yes', problem: "unexpected argument 'yes'" },
    { line: 'simm', problem: "unexpected argument 'simm'" },
    { line: '--token abc', problem: '--token cannot be set here' },
  ])('$line: $problem', ({ line, problem }) => {
    expect(problemsOf(line)).toEqual([problem])
  })

  test('an unknown one comes with the nearest, everything wrong is listed', () => {
    expect(
      readFlags(['--usres', '5', '--no-straem', '--run', '1m', '--token=abc', '--web-port'], OPTIONS).problems,
    ).toEqual([
      { message: '--usres is not an option', hint: 'did you mean --users?' },
      { message: '--no-straem is not an option', hint: 'did you mean --no-stream?' },
      { message: '--run is not an option', hint: 'did you mean --run-time?' },
      { message: '--token cannot be set here', hint: 'set the variable LLMLOAD_TOKEN' },
      { message: '--web-port is not an option' },
    ])
  })
})
