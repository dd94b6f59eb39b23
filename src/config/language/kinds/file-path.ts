import { Invalid } from './invalid.js';
import type { Kind } from './kind.js';

/** The path of a file that must be readable at start. Relative paths are relative to the configuration file. */
export const filePath: Kind<string> = {
  label: 'path of a file',
  expected: 'the path of a readable file',
  schema: { type: 'string', minLength: 1 },
  parse(raw, source) {
    return typeof raw === 'string' && raw !== '' ? source.readable(raw) : new Invalid(raw, this.expected);
  },
  format: value => value,
};

/**
 * The path of a file that its reader watches by itself. Like {@link filePath}, but a change of the file is no change of the configuration
 * that names it.
 */
export const watchedFile: Kind<string> = { ...filePath, label: 'watched file' };

/** The path of a unix socket: at most 107 bytes, which is what the system takes. */
export const socketPath: Kind<string> = {
  label: 'path of a socket',
  expected: 'the path of a unix socket of at most 107 bytes',
  schema: { type: 'string', minLength: 1 },
  parse(raw, source) {
    if (typeof raw !== 'string' || raw === '') return new Invalid(raw, this.expected);
    const full = source.resolve(raw);
    return Buffer.byteLength(full) <= 107 ? full : new Invalid(raw, this.expected);
  },
  format: value => value,
};

/** The path of a file that is appended to and made where it is not there; empty: there is none. */
export const appendedFile: Kind<string> = {
  label: 'path of a log',
  expected: 'the path of a file that can be written, or ""',
  schema: { type: 'string' },
  parse(raw, source) {
    if (raw === '') return '';
    return typeof raw === 'string' ? source.appendable(raw) : new Invalid(raw, this.expected);
  },
  format: value => value,
};
