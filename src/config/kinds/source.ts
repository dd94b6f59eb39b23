import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { Invalid } from './invalid.js';

const largestFile = 1024 * 1024;

/** Where the configuration comes from: what its relative paths are relative to. */
export class Source {
  constructor(readonly baseDir: string) {}

  /** The absolute path of one that is written in the file. */
  resolve(path: string): string {
    return isAbsolute(path) ? path : resolve(this.baseDir, path);
  }

  /** The text of a file of at most 1 MB in UTF-8, or why it cannot be had. */
  readText(path: string): string | Invalid {
    const full = this.resolve(path);
    const unusable = (why: string): Invalid =>
      new Invalid(path, 'a readable text file of at most 1mb', { message: `file "${full}" ${why}`, cause: 'file' });
    try {
      const { size } = statSync(full);
      if (size > largestFile) return unusable('is larger than 1mb');
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(full));
    } catch (error) {
      return unusable(error instanceof TypeError ? 'is not valid UTF-8' : whyUnreadable(error));
    }
  }

  /** The absolute path of a file that can be read, or why it cannot. */
  readable(path: string): string | Invalid {
    const full = this.resolve(path);
    try {
      accessSync(full, constants.R_OK);
      if (statSync(full).isFile()) return full;
      return new Invalid(path, 'a readable file', { message: `"${full}" is not a file`, cause: 'file' });
    } catch (error) {
      const message = `file "${full}" ${whyUnreadable(error)}`;
      return new Invalid(path, 'a readable file', { message, cause: 'file' });
    }
  }
}

/** Why a file could not be read, to follow its name in a sentence. */
export function whyUnreadable(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return 'does not exist';
  if (code === 'EACCES' || code === 'EPERM') return 'may not be read by this process';
  if (code === 'EISDIR') return 'is a directory';
  return `cannot be read (${code ?? String(error)})`;
}
