import { ConfigError } from '../config/loading/config-error.js';
import { routesOf } from '../config/file/route-settings.js';
import { formatProblem, type Problem } from '../config/loading/problem.js';
import type { LoadedConfig } from '../config/loading/compile.js';
import type { Finding } from '../config/loading/findings.js';
import { describeRoutes } from '../routing/describe.js';
import { RouteError } from '../routing/route-error.js';
import { RouteTable } from '../routing/route-table.js';
import { exitCode } from './exit-code.js';
import { loadExtensions } from './extension-files.js';
import { loadFile } from './load-file.js';

/** Options of commands that read a file and print. */
export interface CheckOptions {
  /** Files with modules of one's own. */
  readonly extension?: readonly string[];
  readonly json?: boolean;
}

/** `gatehouse check FILE`: prints every error of the file at once. */
export async function check(file: string, { extension, json = false }: CheckOptions): Promise<number> {
  try {
    const { known } = await loadExtensions(extension);
    const loaded = loadFile(file, process.env, known);
    const warnings = [...loaded.warnings, ...shadowed(loaded)];
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

/** A warning for each route that no request reaches, and for each path of one that reaches none. */
function shadowed({ config, problemAt }: LoadedConfig): Problem[] {
  const table = RouteTable.compile(routesOf(config));
  const rows = describeRoutes(table);
  const reached = new Set(rows.flatMap(({ name, shadowedBy }) => (shadowedBy === undefined ? [name] : [])));
  const all = new Map<string, Finding>();
  for (const { name, path, shadowedBy } of rows) {
    if (shadowedBy === undefined || shadowedBy === name) continue;
    const index = table.routes.findIndex(route => route.name === name);
    const what = reached.has(name) ? `its path ${path} never matches` : 'no request reaches this route';
    const by = table.routes.findIndex(route => route.name === shadowedBy);
    const message = `${what}: routes[${by}] (${shadowedBy}) takes all that it could get`;
    all.set(`${index} ${message}`, { path: ['routes', index, 'match'], message, found: name });
  }
  return [...all.values()].map(problemAt);
}

function writeJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
