import { accessSync, constants, statSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { readBoundedText, whyUnreadable } from '../../../platform/bounded-file.js';
import { Invalid } from './invalid.js';

/** The folder of the configuration, to which its relative paths are relative. */
export class Source {
  constructor(readonly baseDir: string) {}

  /** The absolute path for a path of the file. */
  resolve(path: string): string {
    return isAbsolute(path) ? path : resolve(this.baseDir, path);
  }

  /** The text of a file of at most 1 MB in UTF-8, or why it cannot be read. */
  readText(path: string): string | Invalid {
    const full = this.resolve(path);
    try {
      return readBoundedText(full);
    } catch (error) {
      const message = `file "${full}" ${whyUnreadable(error)}`;
      return new Invalid(path, 'a readable text file of at most 1mb', { message, cause: 'file' });
    }
  }

  /** The absolute path of a file that can be appended to, or made, or why it cannot. Nothing is made. */
  appendable(path: string): string | Invalid {
    const full = this.resolve(path);
    const refuse = (message: string): Invalid =>
      new Invalid(path, 'a file that can be written', { message, cause: 'file' });
    const found = statSync(full, { throwIfNoEntry: false });
    if (found !== undefined && !found.isFile()) return refuse(`"${full}" is not a file`);
    try {
      accessSync(found === undefined ? dirname(full) : full, constants.W_OK);
      return full;
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      return refuse(`file "${full}" cannot be written: ${code}`);
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
