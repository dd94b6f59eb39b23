import { Alphabet, takes, type Letter } from './alphabet.js';
import type { Program } from './program.js';
import type { Steps } from './steps.js';
import type { Assertion } from './syntax.js';

/** The instructions at which a search may be after some text, and the kind of the character before. */
interface State {
  /** Sorted. */
  readonly places: Uint16Array;
  readonly before: 'nothing' | 'word' | 'other';
  /** The next state for the id of each letter; undefined until it was needed once. */
  readonly next: (State | undefined)[];
}

/** Steps for making a state, in addition to one for each instruction. */
const costOfState = 32;

/**
 * Runs a program on a text as a deterministic automaton whose states are made when they are needed (Thompson 1968; the lazy DFA
 * of RE2). Each character takes one step, or as many steps as the program has instructions when a state must be made first.
 */
export class Automaton {
  readonly #alphabet: Alphabet;
  readonly #states = new Map<string, State>();
  /** For each instruction, the number of the last search that has visited it, and of the last that continues there. */
  readonly #visited: Uint32Array;
  readonly #reached: Uint32Array;
  readonly #open: Uint16Array;
  readonly #places: Uint16Array;
  readonly #anchored: boolean;
  readonly #matched: State = { places: new Uint16Array(), before: 'other', next: [] };
  #search = 0;
  #held = 0;
  #start: State | undefined;

  /** `mostHeld`: numbers, of about 8 bytes each, that all states together may hold; at the limit, all states are forgotten. */
  constructor(
    private readonly program: Program,
    private readonly mostHeld: number,
  ) {
    const { length } = program.instructions;
    this.#visited = new Uint32Array(length);
    this.#reached = new Uint32Array(length);
    this.#places = new Uint16Array(length);
    this.#open = new Uint16Array(2 * length + 1);
    this.#alphabet = new Alphabet(program.atoms, () => this.#forget());
    this.#anchored = beginsOnlyAtBegin(program);
  }

  /** Numbers that the states hold. */
  get held(): number {
    return this.#held;
  }

  /** Whether the text has a match anywhere. @throws StepsSpent */
  test(text: string, steps: Steps): boolean {
    steps.take(text.length + 1);
    let state = (this.#start ??= this.#state(Uint16Array.of(this.program.start), 'nothing'));
    for (let i = 0; i < text.length; i++) {
      let character = text.charCodeAt(i);
      if (character >= 0xd800 && character < 0xdc00) {
        character = text.codePointAt(i)!;
        if (character > 0xffff) i++;
      }
      let letter = this.#alphabet.known(character);
      if (letter === undefined) {
        steps.take(this.#alphabet.cost);
        letter = this.#alphabet.sort(character);
      }
      state = state.next[letter.id] ?? this.#make(state, letter, steps);
      if (state === this.#matched) return true;
      if (state.places.length === 0) return false;
    }
    return (state.next[0] ?? this.#make(state, this.#alphabet.end, steps)) === this.#matched;
  }

  #make(from: State, letter: Letter, steps: Steps): State {
    if (this.#held > this.mostHeld) this.#forget();
    const { instructions, start } = this.program;
    const search = this.#begin(from.places);
    let open = from.places.length;
    let count = 0;
    let visited = 0;
    let matched = false;
    while (open > 0) {
      const place = this.#open[--open]!;
      if (this.#visited[place] === search) continue;
      this.#visited[place] = search;
      visited++;
      const instruction = instructions[place]!;
      if (instruction.op === 'match') matched = true;
      else if (instruction.op === 'fork') {
        this.#open[open++] = instruction.next;
        this.#open[open++] = instruction.other;
      } else if (instruction.op === 'assertion') {
        if (holds(instruction.assertion, from.before, letter)) this.#open[open++] = instruction.next;
      } else if (takes(letter, instruction.atom)) count = this.#reach(instruction.next, count, search);
    }
    steps.take(visited + costOfState);
    if (!this.#anchored) count = this.#reach(start, count, search);
    const state = matched
      ? this.#matched
      : this.#state(this.#places.slice(0, count).sort(), letter.isWord ? 'word' : 'other');
    this.#held += Math.max(1, letter.id + 1 - from.next.length);
    from.next[letter.id] = state;
    return state;
  }

  /** Visits the instructions of a state; returns the number of the search. */
  #begin(places: Uint16Array): number {
    this.#open.set(places);
    if (++this.#search >= 2 ** 32) {
      this.#visited.fill(0);
      this.#reached.fill(0);
      this.#search = 1;
    }
    return this.#search;
  }

  #reach(place: number, count: number, search: number): number {
    if (this.#reached[place] === search) return count;
    this.#reached[place] = search;
    this.#places[count] = place;
    return count + 1;
  }

  #state(places: Uint16Array, before: State['before']): State {
    const key = before.charAt(0) + String.fromCharCode.apply(null, places as unknown as number[]);
    let state = this.#states.get(key);
    if (state === undefined) {
      this.#states.set(key, (state = { places, before, next: [] }));
      this.#held += 1 + (places.length >> 1) + 16;
    }
    return state;
  }

  /** Forgets all states. A state still in use goes on, but leads to new ones. */
  #forget(): void {
    for (const { next } of this.#states.values()) next.length = 0;
    this.#states.clear();
    this.#start = undefined;
    this.#held = 0;
  }
}

function holds(assertion: Assertion, before: State['before'], { id, isWord }: Letter): boolean {
  if (assertion === 'begin') return before === 'nothing';
  if (assertion === 'end') return id === 0;
  return (assertion === 'boundary') === ((before === 'word') !== isWord);
}

/** Whether the program matches only at the beginning of a text, so that later places need not be searched. */
function beginsOnlyAtBegin({ instructions, start }: Program): boolean {
  const visited = new Set([start]);
  for (const place of visited) {
    const instruction = instructions[place]!;
    if (instruction.op === 'atom' || instruction.op === 'match') return false;
    if (instruction.op === 'assertion' && instruction.assertion === 'begin') continue;
    visited.add(instruction.next);
    if (instruction.op === 'fork') visited.add(instruction.other);
  }
  return true;
}
