const asksForOne = /(^|\s)--inspect/;

/**
 * Makes sure that SIGUSR1 opens no debugger, as Node does by default on 127.0.0.1:9229, where every user of the machine could
 * run code in this process. A debugger that was asked for (`--inspect`) stays.
 */
export function refuseDebugger(): void {
  // A listener of the signal replaces Node's own reaction. One is enough: it is never removed.
  if (process.listenerCount('SIGUSR1') === 0) process.on('SIGUSR1', () => {});
  if (process.features.inspector !== true) return;
  if (asksForOne.test([...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].join(' '))) return;
  // The signal may have come before the listener was added; Node has then opened the debugger in a thread of its own.
  closeDebugger();
  for (const after of [100, 1_000]) setTimeout(closeDebugger, after).unref();
}

function closeDebugger(): void {
  const inspector = process.getBuiltinModule('node:inspector');
  if (inspector.url() !== undefined) inspector.close();
}
