import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { readBounded, whyUnreadable } from '../../platform/bounded-file.js';
import type { GatewayConfig } from '../file/gateway.config.js';
import { filePath } from '../language/kinds/file-path.js';
import { keysOf } from './anatomy.js';

/** Which files are meant. */
interface FileChoice {
  /** Whether the TLS files of the listeners are among them, which listeners read again by themselves. Default: true. */
  readonly ofListeners?: boolean;
}

/**
 * The absolute paths of the files that a configuration names and that are read when it takes effect or later, each once. Those whose content is part of
 * the configuration (`{ file: path }` of secrets and bodies) are not among them: a change of their content is a change of the configuration.
 */
export function filesOf(config: GatewayConfig, { ofListeners = true }: FileChoice = {}): readonly string[] {
  const files = new Set<string>();
  collect(config, files, ofListeners ? undefined : config.listeners);
  return [...files];
}

/**
 * What the files hold, by path: the SHA-256 in hexadecimal digits, or why a file cannot be read (`does not exist`, `is larger than 1mb`). Files are
 * read one after the other, and other work is done between two of them.
 */
export async function digestsOf(files: Iterable<string>): Promise<ReadonlyMap<string, string>> {
  const digests = new Map<string, string>();
  for (const file of files) {
    digests.set(file, digestOf(file));
    await setImmediate();
  }
  return digests;
}

function digestOf(file: string): string {
  try {
    return createHash('sha256')
      .update(readBounded(file, { maxWait: 0 }))
      .digest('hex');
  } catch (error) {
    return whyUnreadable(error);
  }
}

/** Adds the files that are named in a value, but for those below `skipped`. */
function collect(value: unknown, files: Set<string>, skipped: unknown): void {
  if (value === skipped) return;
  if (Array.isArray(value) || value instanceof Map) {
    for (const element of value.values()) collect(element, files, skipped);
  }
  for (const [key, { kind }] of keysOf(value)) {
    const part: unknown = Reflect.get(value as object, key);
    if (typeof part === 'object') collect(part, files, skipped);
    else if (kind === filePath && typeof part === 'string') files.add(part);
  }
}
