/**
 * The words and sentence patterns of our stories. Every word, with the space before it, is one token
 * for Llama 2, Llama 3, Qwen 3, Gemma 3 and DeepSeek V3, so that a single count of all of them shows
 * what each costs.
 */

const list = (words: string): readonly string[] => words.trim().split(/\s+/)

/** Words by the part that they play in a pattern. */
export const WORDS = {
  PERSON: list(`
    teacher doctor farmer painter driver singer writer captain soldier student neighbor stranger brother sister
    mother father uncle aunt daughter king queen prince judge nurse artist merchant guard child woman man boy girl
    friend guest worker engineer lawyer author poet priest pilot chief officer leader visitor owner cousin lady
    scholar reporter editor musician actor manager mayor wife husband son grandmother grandfather baby servant witness`),
  THING: list(`
    letter lamp stone basket book map key box chair table clock mirror coat hat rope knife cup bottle bag wheel drum
    bell ring coin flag flower apple bread cheese salt paper picture message song story secret question answer plan
    gift tool ladder candle blanket glass machine radio camera engine boat card stick brush pipe pot needle ticket
    newspaper crown sword shield cloth thread carpet pillow piano guitar statue portrait journal diary note poem
    speech recipe cake fish egg orange lemon rose leaf seed branch shell jewel chain lock hammer plate bowl spoon
    fork tray shirt dress jacket shoe boot belt package trunk wagon`),
  PLACE: list(`
    garden river market bridge house kitchen village city street road forest mountain valley island shore beach
    field farm school library church castle tower station hotel office factory museum theater hospital shop square
    park gate wall window door corner hill lake coast desert path tunnel yard cave port border court temple stable
    barn cottage palace prison canal stream inn restaurant studio workshop laboratory university stadium airport
    railway platform alley roof hall stairs porch monument mill mine dock camp tent cabin fence`),
  TRAIT: list(`
    quiet old young small tall short careful patient gentle brave proud shy clever wise foolish honest happy sad angry
    tired hungry busy lazy rich poor strong weak quick slow serious polite friendly nervous calm lucky lonely curious
    silent loud famous foreign royal noble fierce wild strange familiar pale modern simple lost forgotten`),
  LOOK: list(`
    old small large narrow wide heavy light dark bright warm cold dry wet soft hard smooth rough clean dirty empty
    full new strange familiar simple deep long broad thin thick round flat sharp fresh broken golden silver green blue
    red yellow white black brown gray purple wooden ancient modern famous hidden forgotten distant nearby northern
    southern eastern western quiet foreign royal grand plain pale faint hollow steep crowded frozen tiny giant huge`),
  MOOD: list(`
    quiet cold warm bright dark long short dry wet calm peaceful sad happy strange busy silent lonely slow gentle`),
  VERB: list(`
    carried found lost sold bought opened closed moved kept took brought broke painted washed followed watched saw
    heard remembered wanted loved noticed touched lifted dropped threw caught held placed left sent showed shared
    studied described measured picked pulled pushed raised covered counted wrote read drew built fixed cleaned cut
    tied folded wrapped packed filled turned shook buried burned returned stole collected gathered ordered offered
    accepted refused received delivered examined recognized discovered protected hid chose needed used tried
    mentioned checked finished started changed created designed destroyed stored wore won named ignored`),
  WENT: list(`
    walked waited slept stood sat laughed smiled arrived rested stopped worked played ran spoke listened stayed
    appeared disappeared sang lived fell cried whispered shouted climbed hurried paused returned talked argued
    studied sighed nodded escaped jumped leaned woke cooked`),
  ADVERB: list(`
    slowly quickly quietly carefully gently suddenly softly together again alone early late soon later silently
    happily sadly loudly easily finally twice outside inside forever anyway instead already eventually gradually
    immediately openly`),
  PREP: list(`
    near behind under above beside beyond across through toward inside outside around along over past against before
    below beneath by opposite within in`),
  TIME: list(`
    morning evening night day winter summer spring autumn hour week month year afternoon season moment weekend
    holiday festival storm war harvest wedding lesson meeting concert dinner lunch breakfast journey voyage game
    dance celebration ceremony trial fire flood`),
  DET: list('the this that every another one her his their our my'),
} as const

/** Words that stand in patterns as they are. */
export const PLAIN_WORDS = list('the of was had for with from and but it until that')

/** What a sentence can begin with, by what has to follow. */
export const OPENERS = {
  SUBJECT: list('The This That Every Another One Her His Their Our My'),
  ADVERBIAL: list('Later Then Soon Once Perhaps Sometimes Meanwhile Still Today Finally Suddenly'),
  CLAUSE: list('When While Before After Once'),
  AROUND: list('Before After During'),
  WHERE: list('In Near Under Behind Beyond Inside Outside Above By'),
} as const

/** Those openers that Llama 2 knows without a space before them too. */
export const PARAGRAPH_OPENERS = list(
  'The This That Every One Her His Our My Then Once When While Before After In Under By',
)

export type WordClass = keyof typeof WORDS
export type OpenerClass = keyof typeof OPENERS

/** The first sentence of every prompt, after its first word: its slots spell out the number of the prompt. */
export const OPENING = 'TRAIT PERSON VERB the LOOK THING PREP the PLACE'

/** An opener, then word classes, plain words and commas. Lengths lie close together, so that one always fits. */
export const PATTERNS: ReadonlyArray<readonly [opener: OpenerClass, rest: string]> = [
  ['SUBJECT', 'PERSON WENT'],
  ['SUBJECT', 'PERSON WENT ADVERB'],
  ['SUBJECT', 'PERSON VERB DET THING'],
  ['SUBJECT', 'TRAIT PERSON VERB DET THING'],
  ['SUBJECT', 'PERSON VERB DET LOOK THING ADVERB'],
  ['SUBJECT', 'PERSON WENT ADVERB PREP the PLACE'],
  ['SUBJECT', 'PLACE was LOOK and LOOK'],
  ['SUBJECT', 'THING of the PERSON was LOOK'],
  ['SUBJECT', 'TRAIT PERSON WENT PREP the LOOK PLACE and VERB DET THING'],
  ['SUBJECT', 'PERSON from the LOOK PLACE VERB DET THING and DET LOOK THING'],
  ['SUBJECT', 'THING was for the TRAIT PERSON , but the PERSON VERB it ADVERB'],
  ['SUBJECT', 'TIME was MOOD , and the PERSON WENT PREP the PLACE until the TIME'],
  ['SUBJECT', 'TRAIT PERSON had DET LOOK THING from the PLACE and VERB it that TIME'],
  ['ADVERBIAL', ', DET PERSON WENT'],
  ['ADVERBIAL', ', DET TRAIT PERSON WENT ADVERB'],
  ['ADVERBIAL', ', DET PERSON VERB DET LOOK THING PREP the PLACE'],
  ['ADVERBIAL', ', the TRAIT PERSON and DET PERSON WENT PREP the PLACE'],
  ['CLAUSE', 'DET PERSON WENT , DET PERSON VERB the THING'],
  ['CLAUSE', 'DET PERSON VERB the THING , DET TRAIT PERSON WENT ADVERB with DET LOOK THING'],
  ['AROUND', 'the MOOD TIME , DET PERSON VERB DET THING of the PERSON'],
  ['WHERE', 'the PLACE , DET PERSON WENT'],
  ['WHERE', 'the LOOK PLACE , DET PERSON WENT ADVERB with DET LOOK THING'],
]

/** What a prompt asks for, as its last paragraph: an answer about as long as the story, and then more. */
export const INSTRUCTION =
  'Translate the whole story above into Spanish, sentence by sentence, and leave nothing out. ' +
  'Then tell it once more in Spanish in your own words, with as much detail as you can.'
