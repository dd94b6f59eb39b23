import type { Ajv } from 'ajv';

/** Characters of generated code that are one step: a few nanoseconds. */
const perStep = 64;

/**
 * Makes the code of a generated validator count its steps: each call of a function and each turn of a loop calls `self.steps.take` first,
 * with as many as its code is long, so that its time is bounded by them. What the names of an object cost is counted by
 * `self.keysOf`. The code is Ajv's own: it has texts in double quotes, no comments and no regular expressions.
 *
 * Leans on the form of the code that Ajv 8 makes, which it does not promise, and on its name for the validator there, `self`. Ajv hands the
 * code out (`code.process`), but has no way to bound what a schema costs.
 */
export function countSteps(code: string): string {
  const text = /"(?:[^"\\]|\\.)*"|\bObject\.keys\(|(?<![.\w$])(?:function|for)\b|[{}()]/g;
  const edits: Edit[] = [];
  const blocks: { readonly at: number; readonly counts: boolean }[] = [];
  let depth = 0;
  // The head of a function or a loop ends with the parenthesis that closes at this depth.
  let head = -1;
  let ended = false;
  for (const { 0: token, index } of code.matchAll(text)) {
    const isBlock = ended;
    ended = false;
    if (token === 'function' || token === 'for') head = depth;
    else if (token === '(') depth++;
    else if (token === 'Object.keys(') {
      depth++;
      edits.push({ from: index, to: index + token.length, text: 'self.keysOf(' });
    } else if (token === ')') {
      ended = --depth === head;
      if (ended) head = -1;
    } else if (token === '{') blocks.push({ at: index + 1, counts: isBlock });
    else if (token === '}') {
      const { at, counts } = blocks.pop()!;
      const steps = 1 + Math.floor((index - at) / perStep);
      if (counts) edits.push({ from: at, to: at, text: `self.steps.take(${steps});` });
    }
  }
  return edited(code, edits);
}

/** What steps are taken from; it throws when there are none left. */
interface StepCount {
  take(steps: number): void;
}

/** Gives a validator what the code that {@link countSteps} has changed asks for. */
export function offerSteps(ajv: Ajv, steps: StepCount): void {
  Object.assign(ajv, {
    steps,
    keysOf: (value: object): string[] => {
      const keys = Object.keys(value);
      steps.take(keys.length >> 2);
      return keys;
    },
  });
}

interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

function edited(code: string, edits: readonly Edit[]): string {
  let result = '';
  let at = 0;
  for (const { from, to, text } of edits.toSorted((a, b) => a.from - b.from)) {
    result += code.slice(at, from) + text;
    at = to;
  }
  return result + code.slice(at);
}
