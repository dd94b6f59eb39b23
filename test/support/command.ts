import { main } from '../../src/cli/program.js';
import type { CliResult } from './program.js';

let last: Promise<unknown> = Promise.resolve();

/**
 * Runs `gatehouse <args>` to its end in this process: for what a command says and how it ends, where the process is not the point.
 * One runs after the other, since they share standard output. Not for a gateway that starts: it would not end.
 */
export function runCommand(
  args: readonly string[],
  { env = {} }: { readonly env?: Readonly<Record<string, string>> } = {},
): Promise<CliResult> {
  const result = last.then(() => run(args, env));
  last = result.catch(() => undefined);
  return result;
}

async function run(args: readonly string[], env: Readonly<Record<string, string>>): Promise<CliResult> {
  const before = process.env;
  const { stdout, stderr } = process;
  const writers = { stdout: stdout.write, stderr: stderr.write };
  const signals = [
    'SIGTERM',
    'SIGINT',
    'SIGHUP',
    'SIGQUIT',
    'SIGUSR1',
    'SIGUSR2',
    'uncaughtException',
    'exit',
  ] as const;
  const listeners = signals.map(name => [name, new Set(process.listeners(name as 'SIGTERM'))] as const);
  const text = { stdout: '', stderr: '' };
  process.env = { ...before, GATEWAY_CONFIG: undefined, ...env };
  if (env['GATEWAY_CONFIG'] === undefined) delete process.env['GATEWAY_CONFIG'];
  stdout.write = writing(chunk => (text.stdout += chunk));
  stderr.write = writing(chunk => (text.stderr += chunk));
  try {
    const code = await main(['node', 'gatehouse', ...args]);
    return { code, signal: null, ...text };
  } finally {
    Object.assign(stdout, { write: writers.stdout });
    Object.assign(stderr, { write: writers.stderr });
    process.env = before;
    for (const [name, known] of listeners)
      for (const listener of process.listeners(name as 'SIGTERM'))
        if (!known.has(listener)) process.removeListener(name, listener);
  }
}

type Write = typeof process.stdout.write;

/** A stream's `write` that only collects. Who waits for the end of a write, as the log does, is told. */
function writing(collect: (chunk: string) => void): Write {
  return (chunk: Uint8Array | string, ...others: unknown[]) => {
    collect(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
    const done = others.at(-1);
    if (typeof done === 'function') process.nextTick(done);
    return true;
  };
}
