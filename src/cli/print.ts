import { stringify } from 'yaml';
import { effectiveConfig } from '../config/showing/effective-config.js';
import { loadConfig } from '../config/loading/load-config.js';
import { exitCode } from './exit-code.js';

/** `gatehouse print FILE`: the effective configuration as YAML, with all defaults and masked secrets. */
export function print(file: string): number {
  process.stdout.write(stringify(effectiveConfig(loadConfig(file, process.env).config)));
  return exitCode.ok;
}
