import { routesOf } from '../config/file/route-settings.js';
import { describeRoutes, type RouteRow } from '../routing/describe.js';
import { RouteTable } from '../routing/route-table.js';
import { exitCode } from './exit-code.js';
import type { CheckOptions } from './check.js';
import { loadExtensions } from './extension-files.js';
import { loadFile } from './load-file.js';
import { table } from './table.js';

const columns = ['#', 'NAME', 'HOST', 'PATH', 'METHODS', 'CONDITIONS', 'TARGET', ''] as const;

/** `gatehouse routes FILE`: the route table in matching order; routes that can never match are flagged. */
export async function routes(file: string, { extension, json = false }: CheckOptions): Promise<number> {
  const { known } = await loadExtensions(extension);
  const rows = describeRoutes(RouteTable.compile(routesOf(loadFile(file, process.env, known).config)));
  if (json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
  else process.stdout.write(`${table([columns, ...rows.map(cells)])}\n`);
  return exitCode.ok;
}

function cells(row: RouteRow): string[] {
  return [
    String(row.order),
    row.name,
    row.hosts.join(' '),
    row.path,
    row.methods.join(' ') || '*',
    [...(row.priority === undefined ? [] : [`priority ${row.priority}`]), ...row.conditions].join(' ') || '-',
    row.target,
    row.shadowedBy === undefined ? '' : `never matches: shadowed by ${row.shadowedBy}`,
  ];
}
