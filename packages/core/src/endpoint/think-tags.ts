const OPEN = '<think>'
const CLOSE = '</think>'

/**
 * Tells what a model thinks from what it says where both come as one text, with tags around the
 * thoughts. Servers without a parser for it send it so, and some templates put the first tag into the prompt.
 */
export class ThinkTags {
  /** The last piece brought thoughts. */
  reasons = false
  /** The last piece brought something else than thoughts, tags and white space. */
  visible = false
  /** In the last piece thoughts ended that had no begin: so all text before was thoughts. */
  endedUnbegun = false
  #isInside = false
  /** The end of a piece that may be the begin of a tag. */
  #held = ''

  read(piece: string): void {
    this.reasons = false
    this.visible = false
    this.endedUnbegun = false
    let rest = this.#held + piece
    for (let tag = firstTag(rest); tag !== null; tag = firstTag(rest)) {
      this.#add(rest.slice(0, tag.at))
      if (!tag.opens && !this.#isInside) this.#wasInside()
      this.#isInside = tag.opens
      rest = rest.slice(tag.behind)
    }
    this.#held = rest.slice(rest.length - begunTagLength(rest))
    this.#add(rest.slice(0, rest.length - this.#held.length))
  }

  #add(text: string): void {
    if (text.trim() === '') return
    if (this.#isInside) this.reasons = true
    else this.visible = true
  }

  #wasInside(): void {
    this.endedUnbegun = true
    this.reasons ||= this.visible
    this.visible = false
  }
}

interface Tag {
  readonly at: number
  readonly behind: number
  readonly opens: boolean
}

function firstTag(text: string): Tag | null {
  const tags = [OPEN, CLOSE].map((tag) => ({ at: text.indexOf(tag), length: tag.length, opens: tag === OPEN }))
  const [first] = tags.filter(({ at }) => at >= 0).sort((a, b) => a.at - b.at)
  return first === undefined ? null : { at: first.at, behind: first.at + first.length, opens: first.opens }
}

/** How many characters at the end of a text may be the begin of a tag. */
function begunTagLength(text: string): number {
  const at = text.lastIndexOf('<')
  const begun = at < 0 ? '' : text.slice(at)
  return begun !== '' && (OPEN.startsWith(begun) || CLOSE.startsWith(begun)) ? begun.length : 0
}
