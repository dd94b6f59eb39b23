import { ConfigError } from '../config/config-error.js';
import { loadConfig } from '../config/load-config.js';
import { builtinStrategies } from '../load-balancer/builtin-strategies.js';
import { exitCode } from './exit-code.js';

/** `gatehouse check FILE`: every error of the file at once. */
export function check(file: string, { json = false }: { json?: boolean }): number {
  try {
    const { warnings } = loadConfig(file, process.env, { strategies: builtinStrategies });
    if (json) writeJson({ valid: true, problems: [], warnings });
    else {
      for (const warning of warnings) process.stderr.write(`${warning}\n`);
      process.stdout.write(`${file} is valid\n`);
    }
    return exitCode.ok;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    if (json) writeJson({ valid: false, problems: error.problems, warnings: [] });
    else process.stderr.write(`${error.message}\n`);
    return exitCode.invalidConfig;
  }
}

function writeJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
