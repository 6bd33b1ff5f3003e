/**
 * An instant in ms, to the nanosecond. What falls together on paper, such as an arrival and the end of a
 * window, then does so in floating point too, and a window holds exactly the arrivals that it should.
 */
export const exactMs = (ms: number): number => Math.round(ms * 1e6) / 1e6
