import { signal } from '@preact/signals';
import { Kept } from './kept.js';

const kept = new Kept('sessionStorage', 'gatehouse.token');

/** Why the page asks for the admin token; undefined: it need not. */
export const asked = signal<'first' | 'wrong' | undefined>();

const waiting = new Set<() => void>();

/** The field that carries the token, where there is one. */
export function authorization(): Record<string, string> {
  return kept.value === undefined ? {} : { Authorization: `Bearer ${kept.value}` };
}

/** The gateway has answered 401. What was sent is forgotten, and the reader is asked. */
export function refused(): void {
  asked.value = kept.value === undefined && asked.value !== 'wrong' ? 'first' : 'wrong';
  kept.value = undefined;
}

/** The reader has given a token: what waits for one goes on. */
export function give(token: string): void {
  kept.value = token;
  asked.value = undefined;
  for (const go of waiting) go();
  waiting.clear();
}

/** Resolves when a token is given; at once where none is asked for. */
export function tokenGiven(): Promise<void> {
  return asked.value === undefined ? Promise.resolve() : new Promise(resolve => waiting.add(resolve));
}
