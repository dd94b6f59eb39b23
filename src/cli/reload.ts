import type { AdminConfig } from '../config/file/admin.config.js';
import type { Reloaded } from '../admin/admin-sources.js';
import { exitCode } from './exit-code.js';
import { loadFile } from './load-file.js';

/** Options of `gatehouse reload`. */
export interface ReloadOptions {
  readonly config?: string;
  readonly admin?: string;
}

/** Milliseconds within which a gateway must have answered. */
const patience = 60_000;

/** `gatehouse reload`: has a running gateway read its configuration again, and says what has changed or why nothing has. */
export async function reload({ config, admin }: ReloadOptions, env = process.env): Promise<number> {
  const file = config ?? env['GATEWAY_CONFIG'];
  if ((file === undefined || file === '') && admin === undefined) {
    return usage(
      'name the file of the running gateway with --config or GATEWAY_CONFIG, or its admin address with --admin.',
    );
  }
  const own = admin === undefined ? loadFile(file!, env).config.admin : undefined;
  const url = admin ?? addressOf(own!);
  if (url === undefined)
    return usage('the file has the gateway choose the port of its admin listener: name the address with --admin.');
  return ask(new URL('/reload', url), own?.token ?? env['GATEWAY_ADMIN_TOKEN']);
}

async function ask(url: URL, token: string | undefined): Promise<number> {
  const headers = token === undefined || token === '' ? {} : { authorization: `Bearer ${token}` };
  let response: Response;
  try {
    response = await fetch(url, { method: 'POST', headers, signal: AbortSignal.timeout(patience) });
  } catch (error) {
    const { cause, message } = error as Error;
    const why = cause instanceof Error ? cause.message : message;
    process.stderr.write(
      `gatehouse: no gateway answers at ${url.origin} (${why}): is it running, and is that its admin address?\n`,
    );
    return exitCode.unreachable;
  }
  const answer = (await response.json().catch(() => ({}))) as Partial<Reloaded> & { readonly detail?: string };
  if (response.ok) return tell(answer);
  const problems = answer.problems ?? [];
  process.stderr.write(
    `gatehouse: ${[answer.detail ?? `${url.origin} answered ${response.status}`, ...problems].join('\n')}\n`,
  );
  return response.status === 422 ? exitCode.invalidConfig : exitCode.unreachable;
}

function tell({ changes = [], pending = [], warnings = [] }: Partial<Reloaded>): number {
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
  for (const line of pending) process.stderr.write(`warning: ${line}\n`);
  process.stdout.write(changes.length === 0 ? 'nothing has changed\n' : `${changes.join('\n')}\n`);
  return exitCode.ok;
}

/** Where the admin listener of a file is reached from this machine; undefined: the system chooses its port. */
function addressOf({ host, port }: AdminConfig): string | undefined {
  if (port === 0) return undefined;
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`;
}

function usage(message: string): number {
  process.stderr.write(`gatehouse: ${message}\n`);
  return exitCode.usage;
}
