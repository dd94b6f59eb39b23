import { join } from 'node:path';
import type { LoadedConfig } from '../config/loading/compile.js';
import type { StandaloneGateway } from '../standalone.js';
import { packageRoot } from '../package-root.js';
import { startDemoBackends } from './demo-backends.js';
import { loadFile } from './load-file.js';
import { ownCommand } from './own-command.js';
import { serve } from './serve.js';

const starter = join(packageRoot, 'config', 'gateway.yaml');

/** `gatehouse demo`: runs a gateway with three small backends of its own, configured by the starter file. */
export async function demo(port?: number): Promise<number> {
  const backends = await startDemoBackends();
  try {
    const env = {
      ...process.env,
      ECHO_URL: backends.echo,
      EVENTS_URL: backends.events,
      CHAT_URL: backends.chat,
      ...(port !== undefined && { PORT: String(port) }),
    };
    const load = (): LoadedConfig => loadFile(starter, env);
    return await serve(load(), { started: welcome, reload: load });
  } finally {
    backends.close();
  }
}

function welcome(gateway: StandaloneGateway): void {
  const url = gateway.addresses[0]!.url.replace('0.0.0.0', '127.0.0.1');
  const command = ownCommand();
  process.stdout.write(`
Gatehouse is running: clients at ${url}, operators at ${gateway.adminUrl}/ (a dashboard, in a browser)
Try it:

  curl -i ${url}/hello
  curl -N ${url}/events
  a WebSocket client on ${url.replace('http', 'ws')}/chat, an echo

To put it in front of your own servers:

  ${command} run --to http://127.0.0.1:3001 --to http://127.0.0.1:3002
  ${command} run --config gateway.yaml

The configuration of this demo is config/gateway.yaml, a file to start from. Ctrl-C ends it.

`);
}
