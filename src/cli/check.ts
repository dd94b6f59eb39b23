import { ConfigError } from '../config/loading/config-error.js';
import { routesOf } from '../config/file/route-settings.js';
import { formatProblem } from '../config/loading/problem.js';
import { RouteError } from '../routing/route-error.js';
import { RouteTable } from '../routing/route-table.js';
import { exitCode } from './exit-code.js';
import { loadFile } from './load-file.js';

/** `gatehouse check FILE`: prints every error of the file at once. */
export function check(file: string, { json = false }: { json?: boolean }): number {
  try {
    const { config, warnings } = loadFile(file);
    RouteTable.compile(routesOf(config));
    if (json) writeJson({ valid: true, problems: [], warnings });
    else {
      for (const warning of warnings) process.stderr.write(`warning: ${formatProblem(warning)}\n`);
      process.stdout.write(`${file} is valid\n`);
    }
    return exitCode.ok;
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof RouteError)) throw error;
    const problems = error instanceof ConfigError ? error.problems : [{ file, message: error.message }];
    if (json) writeJson({ valid: false, problems, warnings: [] });
    else process.stderr.write(`${error instanceof ConfigError ? error.message : `${file}: ${error.message}`}\n`);
    return exitCode.invalidConfig;
  }
}

function writeJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
