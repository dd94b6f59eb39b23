import { stringify } from 'yaml';
import { effectiveConfig } from '../config/showing/effective-config.js';
import { exitCode } from './exit-code.js';
import type { CheckOptions } from './check.js';
import { loadExtensions } from './extension-files.js';
import { loadFile } from './load-file.js';

/** `gatehouse print FILE`: the effective configuration as YAML, with all defaults and masked secrets. */
export async function print(file: string, { extension }: CheckOptions): Promise<number> {
  const { known } = await loadExtensions(extension);
  process.stdout.write(stringify(effectiveConfig(loadFile(file, process.env, known).config)));
  return exitCode.ok;
}
