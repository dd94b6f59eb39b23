import { isWritten } from '../../language/fields.js';
import type { Path } from '../findings.js';
import { Invalid } from '../../language/kinds/invalid.js';
import type { UnsupportedKey } from '../unsupported.js';
import type { CheckContext } from './check.js';

/** Reports written keys whose feature is not built yet. */
export function checkUnsupported({ config, report }: CheckContext, keys: readonly UnsupportedKey[]): void {
  for (const { path, isOff } of keys) {
    for (const [found, value] of reach(config, path.split('.'), [])) {
      // A value that is refused anyway is not also reported as unsupported.
      if (!(value instanceof Invalid) && isOff?.(value) !== true)
        report({ path: found, message: 'not supported in this version', at: 'key' });
    }
  }
}

/** The written values at a path, with their full paths. */
function reach(owner: unknown, [step, ...rest]: readonly string[], path: Path): [Path, unknown][] {
  if (step === undefined) return [[path, owner]];
  if (typeof owner !== 'object' || owner === null || owner instanceof Invalid) return [];
  if (step === '*') {
    if (Array.isArray(owner)) return owner.flatMap((item, index) => reach(item, rest, [...path, index]));
    return owner instanceof Map ? [...owner].flatMap(([key, item]) => reach(item, rest, [...path, String(key)])) : [];
  }
  const value = new Map<string, unknown>(Object.entries(owner)).get(step);
  return isWritten(owner, step) ? reach(value, rest, [...path, step]) : [];
}
