/**
 * A gateway that blocks its event loop when it is told to, to be run as a process of its own: `node stalling-program.ts <configuration as JSON>`. It
 * prints `{"port":…,"admin":…}` when it listens, and `stalls` when it begins to block. A request for `/stall?<milliseconds>` blocks it; one for
 * `/limit?<duration>` changes `overload.eventLoopDelay`. It ends on SIGTERM, when nothing holds it any more.
 */
import { writeSync } from 'node:fs';
import { Module } from '@nestjs/common';

const built = new URL('../../dist/index.js', import.meta.url).href;
const { buildConfig, createGateway, Policy } = (await import(built)) as typeof import('../../src/index.js');

const settings = JSON.parse(process.argv[2]!) as object;
const configOf = (more: object = {}) =>
  buildConfig({
    listeners: [{ name: 'web', host: '127.0.0.1', port: 0, h2c: true }],
    admin: { host: '127.0.0.1', port: 0 },
    security: { policies: ['commands'] },
    ...settings,
    ...more,
  });

class Commands {
  check({ path, query = '' }: { readonly path: string; readonly query: string | undefined }): undefined {
    if (path === '/limit') void gateway.apply(configOf({ overload: { eventLoopDelay: query } }));
    if (path !== '/stall') return;
    writeSync(1, 'stalls\n');
    // A wait of the whole thread: it takes no CPU from other programs.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(query));
  }
}
Policy('commands')(Commands);

class Extension {}
Module({ providers: [Commands] })(Extension);

const logSink = { write: (_: Buffer, done: () => void) => done(), writeNow: () => undefined };
const gateway = await createGateway(configOf(), { imports: [Extension], logSink });
await gateway.start();
process.once('SIGTERM', () => void gateway.stop());
writeSync(1, `${JSON.stringify({ port: gateway.listeners[0]!.port, admin: new URL(gateway.adminUrl).port })}\n`);
