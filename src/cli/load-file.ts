import type { KnownNames } from '../config/loading/checks/check.js';
import type { LoadedConfig } from '../config/loading/compile.js';
import type { Environment } from '../config/loading/environment.js';
import { loadConfig } from '../config/loading/load-config.js';
import { builtInExtensions } from '../known-extensions.js';

/**
 * Reads a configuration file as every command does: `check`, `run`, `routes`, `print` and `demo` take and refuse the same files. `known`: what it
 * may name, with `--extension`; default: what is built in.
 * @throws ConfigError, also when the file cannot be read.
 */
export function loadFile(
  file: string,
  env: Environment = process.env,
  known: KnownNames = builtInExtensions,
): LoadedConfig {
  return loadConfig(file, env, known);
}
