import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { extname, join } from 'node:path';

/** A file of the dashboard, as it is sent. */
export interface DashboardFile {
  /** Media type. */
  readonly type: string;
  readonly content: Buffer;
  /** The same, compressed. */
  readonly gzip: Buffer | undefined;
  /** Entity tag (RFC 9110 §8.8.3): the same content has the same. */
  readonly etag: string;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The files of a folder that a browser may get, by their names; empty where there is no such folder. `F.gz` is `F`, compressed. */
export function readDashboard(folder: string): ReadonlyMap<string, DashboardFile> {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const files = new Map<string, DashboardFile>();
  for (const name of names) {
    const type = types[extname(name)];
    if (type === undefined) continue;
    const content = readFileSync(join(folder, name));
    const gzip = names.includes(`${name}.gz`) ? readFileSync(join(folder, `${name}.gz`)) : undefined;
    const digest = createHash('sha256').update(content).digest('base64url').slice(0, 22);
    files.set(name, { type, content, gzip, etag: `"${digest}"` });
  }
  return files;
}
