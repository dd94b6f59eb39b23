import { statSync } from 'node:fs';
import type { Path } from '../findings.js';
import type { CheckContext } from './check.js';

/** The mode bit with which any user may read a file. */
const others = 0o004;

/** Warns of the file of a private key that every user of the machine may read. */
export function checkKeyFile({ warn }: CheckContext, path: Path, file: string): void {
  // Windows has no such bits: Node invents them.
  if (process.platform === 'win32') return;
  const mode = statSync(file, { throwIfNoEntry: false })?.mode ?? 0;
  if ((mode & others) === 0) return;
  const message = `every user of this machine may read this private key: chmod o-rwx ${JSON.stringify(file)}`;
  warn({ path, message });
}
