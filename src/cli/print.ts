import { stringify } from 'yaml';
import { effectiveConfig } from '../config/showing/effective-config.js';
import { exitCode } from './exit-code.js';
import { loadFile } from './load-file.js';

/** `gatehouse print FILE`: the effective configuration as YAML, with all defaults and masked secrets. */
export function print(file: string): number {
  process.stdout.write(stringify(effectiveConfig(loadFile(file).config)));
  return exitCode.ok;
}
