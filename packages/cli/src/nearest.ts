import { closest, distance } from 'fastest-levenshtein'

/** More typing errors per letter: the word was meant to be something else. Two swapped letters are two errors. */
const MAX_EDITS_PER_LETTER = 0.4
const MIN_MAX_EDITS = 2
/** Shorter words resemble others by chance. */
const MIN_LETTERS = 3

/** The candidate that was probably meant by a word: the one that it abbreviates, else the one with the fewest typing errors. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length < MIN_LETTERS || candidates.length === 0) return undefined
  const longer = candidates.find((candidate) => candidate.startsWith(word))
  if (longer !== undefined) return longer
  const candidate = closest(word, candidates)
  return distance(word, candidate) <= Math.max(MIN_MAX_EDITS, word.length * MAX_EDITS_PER_LETTER)
    ? candidate
    : undefined
}
