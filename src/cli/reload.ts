import type { Reloaded } from '../admin/admin-sources.js';
import { AdminClient, type AdminOptions } from './admin-client.js';
import { exitCode } from './exit-code.js';

/** Options of `gatehouse reload`. */
export interface ReloadOptions extends AdminOptions {
  readonly json?: boolean;
}

/** `gatehouse reload`: has a running gateway read its configuration again, and says what has changed or why nothing has. */
export async function reload(options: ReloadOptions, env = process.env): Promise<number> {
  const client = AdminClient.find(options, env);
  if (typeof client === 'number') return client;
  const answer = await client.ask<Partial<Reloaded>>('POST', '/reload', 'changes');
  if ('code' in answer) return answer.code;
  if (options.json !== true) return tell(answer.body);
  process.stdout.write(`${JSON.stringify(answer.body, null, 2)}\n`);
  return exitCode.ok;
}

function tell({ changes = [], pending = [], warnings = [] }: Partial<Reloaded>): number {
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
  for (const line of pending) process.stderr.write(`warning: ${line}\n`);
  process.stdout.write(changes.length === 0 ? 'nothing has changed\n' : `${changes.join('\n')}\n`);
  return exitCode.ok;
}
