import net from 'node:net';
import { buildConnector, type Dispatcher } from 'undici';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../../../test/support/cleanup.js';
import { eventually } from '../../../test/support/poll.js';
import { always, startRawBackend } from '../../../test/support/raw-backend.js';
import { PooledClient, type ConnectionState, type ConnectionUser } from './pooled-client.js';

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** A request handler that keeps by which connection it was carried, and how it ended. */
class Handler implements Dispatcher.DispatchHandler, ConnectionUser {
  connection: ConnectionState | undefined;
  socket: net.Socket | undefined;
  ended: unknown;

  onRequestStart(): void {
    this.socket = this.connection?.socket;
  }

  onResponseStart(): void {}

  onResponseData(): void {}

  onResponseEnd(): void {
    this.connection!.served++;
    this.ended = 'whole';
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.ended = error;
  }
}

function open(url: string, connect: unknown = buildConnector({ timeout: 0 }), timeout = 1_000): PooledClient {
  const client = new PooledClient(new URL(url), { connect, pipelining: 1 }, timeout);
  closeLater(() => client.destroy());
  return client;
}

async function ask(client: PooledClient): Promise<Handler> {
  const handler = new Handler();
  client.dispatch({ method: 'GET', path: '/' }, handler);
  await eventually(() => handler.ended !== undefined);
  return handler;
}

describe('a connection of a pool', () => {
  it('tells each request by which socket it is carried, and how many that has carried before', async () => {
    const backend = await startRawBackend(always(ok));
    const client = open(backend.url);
    const first = await ask(client);
    const second = await ask(client);
    expect(first.socket).toBeInstanceOf(net.Socket);
    expect(second.socket).toBe(first.socket);
    expect(second.connection!.served).toBe(2);
  });

  it('counts from the start when it is made anew', async () => {
    const backend = await startRawBackend(always(ok));
    const client = open(backend.url);
    const first = await ask(client);
    first.socket!.destroy();
    const second = await ask(client);
    expect(second.ended).toBe('whole');
    expect(second.socket).not.toBe(first.socket);
    expect(second.connection!.served).toBe(1);
  });

  it('that does not stand in time fails the request, after its own time and not by the clock of undici', async () => {
    const connecting = new net.Socket();
    const { ended } = await ask(open('http://127.0.0.1:1', () => connecting, 20));
    expect(ended).toMatchObject({ gatewayError: { code: 'CONNECT_TIMEOUT' } });
    expect(connecting.destroyed).toBe(true);
  });

  it('that is refused fails the request with what the system says', async () => {
    const backend = await startRawBackend();
    await backend.close();
    expect((await ask(open(backend.url))).ended).toMatchObject({ code: 'ECONNREFUSED' });
  });
});
