/** Characters of generated code that are one step: a few nanoseconds. */
const perStep = 64;

/**
 * Makes the code of a generated validator count its steps: each call of a function and each turn of a loop calls `self.steps.take` first,
 * with as many as its code is long, so that its time is bounded by them. What the names of an object cost is counted by
 * `self.keysOf`. The code is Ajv's own: it has texts in double quotes, no comments and no regular expressions.
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
