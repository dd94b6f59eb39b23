import { isWritten } from '../../language/fields.js';
import type { CheckContext } from './check.js';

/** Reports files to include in a configuration that has no file: the loader has taken the key out of all others. */
export function checkIncludes({ config, report }: CheckContext): void {
  if (!isWritten(config, 'include')) return;
  const message = 'only a configuration file can include others: load it, or put what it holds into the value';
  report({ path: ['include'], message, at: 'key' });
}
