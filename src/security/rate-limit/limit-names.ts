import type { PolicyScope } from '../policy-source.js';

/**
 * The owner of the counts of a block of limits: `shared` is the block of the top level, whose counts are those of all routes that inherit it. Never a
 * place in the file, which changes when a route is added before.
 */
export function ownerOf(block: object, shared: object | undefined, { route }: Pick<PolicyScope, 'route'>): string {
  if (block === shared) return 'security';
  return route === undefined ? 'controllers' : `route ${JSON.stringify(route)}`;
}

/** The text itself where it comes for the first time, then with its number behind it. `taken`: how often each has come. */
export function numbered(text: string, separator: string, taken: Map<string, number>): string {
  const number = (taken.get(text) ?? 0) + 1;
  taken.set(text, number);
  return number === 1 ? text : `${text}${separator}${number}`;
}
