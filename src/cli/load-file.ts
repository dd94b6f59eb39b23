import type { KnownNames } from '../config/loading/checks/check.js';
import type { LoadedConfig } from '../config/loading/compile.js';
import type { Environment } from '../config/loading/environment.js';
import { loadConfig } from '../config/loading/load-config.js';
import { builtInProbes } from '../config/file/health-check.config.js';
import { builtInForwarders } from '../config/file/upstream.config.js';
import { builtinStrategies } from '../load-balancer/builtin-strategies.js';

/** All names that a configuration can use when the program runs it: the built-in ones, because the program loads no modules of its user. */
export const knownNames: KnownNames = {
  strategies: builtinStrategies,
  forwarders: builtInForwarders,
  probes: builtInProbes,
  policies: [],
  discoveries: [],
};

/**
 * Reads a configuration file as every command does: `check`, `run`, `routes`, `print` and `demo` take and refuse the same files.
 * @throws ConfigError, also when the file cannot be read.
 */
export function loadFile(file: string, env: Environment = process.env): LoadedConfig {
  return loadConfig(file, env, knownNames);
}
