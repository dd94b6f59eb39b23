import { accessSync, constants, statSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { readBoundedText, whyUnreadable } from '../../../platform/bounded-file.js';
import { Invalid } from './invalid.js';

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
    try {
      return readBoundedText(full);
    } catch (error) {
      const message = `file "${full}" ${whyUnreadable(error)}`;
      return new Invalid(path, 'a readable text file of at most 1mb', { message, cause: 'file' });
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
