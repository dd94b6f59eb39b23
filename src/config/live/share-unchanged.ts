import type { GatewayConfig } from '../file/gateway.config.js';
import { filePath } from '../language/kinds/file-path.js';
import { Pattern } from '../../patterns/pattern.js';
import { counterpartsOf, haveSameKeys, isAlike, isSameOrder, keysOf } from './anatomy.js';

/**
 * A configuration equal to `next` in which every block, list and map that says the same as its counterpart in `previous` is the object of `previous`,
 * so that `===` tells what has not changed, and what is kept for a block goes on. It is `previous` itself when nothing has changed. Counterparts have
 * the same key, in lists the same name (`name` or `id`), or the same place where elements have no name. `previous` stays as it is; `next` must be
 * freshly loaded and is used up: what differs in it becomes part of the result.
 *
 * `changedFiles`: absolute paths of files with a new content. A block that names one of them is not shared, nor is what holds the block, so that the
 * file is read again.
 */
export function shareUnchanged(
  next: GatewayConfig,
  previous: GatewayConfig,
  changedFiles: ReadonlySet<string> = new Set(),
): GatewayConfig {
  return share(next, previous, changedFiles);
}

/** `previous` when it says the same as `next`; otherwise `next`, with the parts of `previous` that say the same. */
function share<T>(next: T, previous: unknown, changedFiles: ReadonlySet<string>): T {
  if (next === previous || !isAlike(next, previous)) return next;
  return takeOver(next, previous as object, changedFiles) ? (previous as T) : next;
}

/** Replaces the parts of `next` that say the same in `previous`. Returns whether all do, and there are no others. */
function takeOver(next: object, previous: object, changedFiles: ReadonlySet<string>): boolean {
  if (Array.isArray(next)) return takeOverList(next, previous as readonly unknown[], changedFiles);
  if (next instanceof Map) return takeOverMap(next, previous as ReadonlyMap<unknown, unknown>, changedFiles);
  if (next instanceof Pattern) return next.source === (previous as Pattern).source;
  let isSame = haveSameKeys(next, previous);
  const fields = keysOf(next);
  for (const key of Object.keys(next)) {
    if (!Object.hasOwn(previous, key)) continue;
    const [value, counterpart]: [unknown, unknown] = [Reflect.get(next, key), Reflect.get(previous, key)];
    const shared = share(value, counterpart, changedFiles);
    if (shared !== value) Reflect.set(next, key, shared);
    const isRenewed = fields.get(key)?.kind === filePath && changedFiles.has(value as string);
    isSame &&= Object.is(shared, counterpart) && !isRenewed;
  }
  return isSame;
}

function takeOverList(next: unknown[], previous: readonly unknown[], changedFiles: ReadonlySet<string>): boolean {
  let isSame = next.length === previous.length;
  for (const [place, counterpart] of counterpartsOf(next, previous).entries()) {
    if (counterpart !== undefined) next[place] = share(next[place], previous[counterpart], changedFiles);
    isSame &&= Object.is(next[place], previous[place]);
  }
  return isSame;
}

function takeOverMap(
  next: Map<unknown, unknown>,
  previous: ReadonlyMap<unknown, unknown>,
  changedFiles: ReadonlySet<string>,
): boolean {
  let isSame = isSameOrder(next.keys(), previous.keys());
  for (const [key, value] of next) {
    const counterpart = previous.get(key);
    const shared = share(value, counterpart, changedFiles);
    if (shared !== value) next.set(key, shared);
    isSame &&= Object.is(shared, counterpart);
  }
  return isSame;
}
