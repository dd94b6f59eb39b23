import { unbounded } from './pattern-danger.js';

/**
 * The highest power of a text's length that the time of a regular expression may grow with, judged by its shape: one for each repetition
 * without bound, as often as the groups around it are repeated, and one for a start that may be anywhere. An upper bound for expressions
 * in which nothing with a repetition is repeated without bound.
 */
export function patternDegree(source: string): number {
  const degrees = [0];
  let isAnchored = source.startsWith('^');
  for (let at = 0; at < source.length; at++) {
    const rest = source.slice(at);
    const atom = /^\\.|^\[\^?(?:\\.|[^\]\\])*\]|^[\s\S]/.exec(rest)?.[0] ?? '';
    at += atom.length - 1;
    if (atom === '(') degrees.push(0);
    else if (atom === ')') {
      const inner = degrees.pop() ?? 0;
      if (degrees.length === 0) degrees.push(0);
      add(degrees, inner * repetitions(source.slice(at + 1)));
    } else if (atom === '|' && degrees.length === 1) isAnchored = false;
    else if (/^[*+{]$/.test(atom) && unbounded(rest)) add(degrees, 1);
  }
  return degrees.reduce((sum, degree) => sum + degree, isAnchored ? 0 : 1);
}

function add(degrees: number[], more: number): void {
  degrees.push((degrees.pop() ?? 0) + more);
}

/** How often a quantifier with a bound repeats what stands before it. */
function repetitions(text: string): number {
  const counted = /^\{(\d+)(?:,(\d+))?\}/.exec(text);
  return counted === null ? 1 : Number(counted[2] ?? counted[1]);
}
