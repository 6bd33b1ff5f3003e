import { describe, expect, test } from 'vitest'
import { StatsEntry } from '../metrics/stats-entry.js'
import { requestTable } from './request-table.js'
import { nameWidth } from './table-layout.js'

describe('nameWidth', () => {
  test.each([
    [undefined, 80], // a pipe
    [200, 80],
    [160, 80],
    [159, 79],
    [90, 10], // the terminal of the guide
    [84, 4],
    [80, 0],
    [40, 0],
  ])('stdout of %s columns leaves %d for names', (columns, width) => {
    expect(nameWidth(columns)).toBe(width)
  })

  test('the request table fills a terminal of 84 to 160 columns', () => {
    const aggregated = { entry: new StatsEntry('', ''), reqPerS: 0, failPerS: 0 }
    for (const columns of [84, 100, 120, 160]) {
      const [, rule] = requestTable([], aggregated, nameWidth(columns)).split('\n')
      expect(rule).toHaveLength(columns)
    }
  })

  test('on 90 columns the header is the one in the guide', () => {
    const aggregated = { entry: new StatsEntry('', ''), reqPerS: 0, failPerS: 0 }
    expect(requestTable([], aggregated, nameWidth(90)).split('\n')[0]).toBe(
      'Type     Name    # reqs      # fails |    Avg     Min     Max    Med |   req/s  failures/s',
    )
  })
})
