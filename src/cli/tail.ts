import type { TailedLine } from '../admin/api/views.js';
import { AdminClient, type AdminOptions } from './admin-client.js';
import { exitCode } from './exit-code.js';
import { milliseconds, plain } from './table.js';

/** Options of `gatehouse tail`. */
export interface TailOptions extends AdminOptions {
  readonly route?: readonly string[];
  readonly upstream?: string;
  readonly backend?: string;
  readonly status?: string;
  readonly slowerThan?: string;
  readonly client?: string;
  readonly json?: boolean;
}

/** `gatehouse tail`: prints requests as they end, until Ctrl-C or the gateway ends. */
export async function tail(options: TailOptions): Promise<number> {
  const client = AdminClient.findOrUsual(options, process.env);
  if (typeof client === 'number') return client;
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  // What reads from it, such as `head`, has had enough.
  process.stdout.once('error', () => stop.abort());
  const code = await client.follow(`/tail?${queryOf(options)}`, stop.signal, (event, data) => {
    if (event === 'dropped') {
      const { dropped } = JSON.parse(data) as { readonly dropped: number };
      process.stderr.write(`${dropped} more were left out: they came faster than they could be shown\n`);
    } else if (event === 'exchange') {
      process.stdout.write(`${options.json === true ? data : lineText(JSON.parse(data) as TailedLine)}\n`);
    }
  });
  return stop.signal.aborted ? exitCode.ok : code;
}

/** The filters as the admin API takes them. */
function queryOf({ backend, client, route, slowerThan, status, upstream }: TailOptions): URLSearchParams {
  const values = { backend, client, route: route?.join(','), slowerThan, status, upstream };
  return new URLSearchParams(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** An access line on one line for people. */
export function lineText(line: TailedLine): string {
  const { backend, client, error, host, method, ms, path, reason, route, status, time, upstream } = line;
  const to = upstream === undefined ? '' : ` → ${upstream}${backend === undefined ? '' : `/${backend}`}`;
  const why = [error, reason].filter(each => each !== undefined).join(': ');
  return plain(
    [
      new Date(time).toISOString().slice(11, 23),
      String(status),
      (ms === undefined ? '-' : milliseconds(ms.total)).padStart(8),
      method,
      `${host ?? ''}${path ?? ''}`,
      `${route ?? 'no route'}${to}`,
      client,
      why,
    ]
      .filter(each => each !== undefined && each !== '')
      .join('  '),
  );
}
