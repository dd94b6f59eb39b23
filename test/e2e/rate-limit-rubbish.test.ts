import net, { type Socket } from 'node:net';
import { once } from 'node:events';
import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../support/backend.js';
import { closeLater } from '../support/cleanup.js';
import { request } from '../support/client.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { eventually } from '../support/poll.js';

/** A server that speaks the protocol of Redis, and answers scripts with the test's replies. */
async function startStore(): Promise<{ readonly url: string; answer: string | (() => string) }> {
  const store = { url: '', answer: ':1' as string | (() => string) };
  const sockets = new Set<Socket>();
  const server = net.createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => undefined).setEncoding('latin1');
    let text = '';
    socket.on('data', chunk => {
      text += chunk as unknown as string;
      for (let command = first(text); command !== undefined; command = first(text)) {
        text = text.slice(command.length);
        const answer = typeof store.answer === 'string' ? store.answer : store.answer();
        socket.write(/\r\neval/i.test(command) ? answer : /\r\ninfo/i.test(command) ? '$0\r\n\r\n' : '+OK\r\n');
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closeLater(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  store.url = `redis://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
  return store;
}

/** The first whole command of a text: `*2\r\n$4\r\nEVAL\r\n$1\r\n…`. */
function first(text: string): string | undefined {
  const count = /^\*(\d+)\r\n/.exec(text);
  if (count === null) return undefined;
  let at = count[0].length;
  for (let i = 0; i < Number(count[1]); i++) {
    const size = /^\$(\d+)\r\n/.exec(text.slice(at));
    if (size === null) return undefined;
    at += size[0].length + Number(size[1]) + 2;
  }
  return at <= text.length ? text.slice(0, at) : undefined;
}

describe('a store of rate limits that answers rubbish', () => {
  const good = '*1\r\n:1\r\n';

  async function gatewayOn(url: string, onStoreFailure: string): Promise<InProcessGateway> {
    const backend = await startBackend();
    return startInProcess({
      upstreams: { app: { backends: [backend.url] } },
      rateLimitStore: { redis: url },
      // One nanosecond for each request: the probe of the store has the same interval.
      security: { rateLimit: { limit: 1_000_000, per: '1ms', burst: 1, onStoreFailure } },
    });
  }

  describe('counts as a failed store, so no request is let through:', () => {
    let store: Awaited<ReturnType<typeof startStore>>;
    let gateway: InProcessGateway;

    beforeAll(async () => {
      store = await startStore();
      store.answer = good;
      gateway = await gatewayOn(store.url, 'deny');
    });

    it.each([
      ['nothing', '$-1\r\n'],
      ['no list', '*-1\r\n'],
      ['text', '$4\r\nPONG\r\n'],
      ['a list of nothing', '*1\r\n$-1\r\n'],
      ['text for a number', '*1\r\n$3\r\nNaN\r\n'],
      ['a negative number', '*1\r\n:-1\r\n'],
      ['a huge number', '*1\r\n:9223372036854775807\r\n'],
      ['a number that is too small', '*1\r\n:0\r\n'],
      ['a list of another length', '*2\r\n:1\r\n:1\r\n'],
      ['an error', '-ERR no\r\n'],
      ['another protocol', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ])('%s', async (_, answer) => {
      await eventually(async () => (await gateway.metric('gatehouse_rate_limit_store_up')) === 1, {
        what: 'the store',
      });
      expect((await request(gateway.port)).status).toBe(200);
      store.answer = answer;
      for (let i = 0; i < 4; i++) {
        const response = await request(gateway.port);
        expect([response.status, response.header('x-gateway-error')]).toEqual([503, 'LIMIT_UNAVAILABLE']);
      }
      expect(await gateway.metric('gatehouse_rate_limit_store_up')).toBe(0);
      store.answer = good;
      await eventually(async () => (await request(gateway.port)).status === 200, { what: 'the store again' });
    });
  });

  it('is cut off where its answer does not end', async () => {
    const store = await startStore();
    store.answer = good;
    const gateway = await gatewayOn(store.url, 'local');
    await eventually(async () => (await gateway.metric('gatehouse_rate_limit_store_up')) === 1, { what: 'the store' });
    let floods = 0;
    store.answer = () => {
      floods++;
      return `$1000000000\r\n${'x'.repeat(2_000_000)}`;
    };
    await eventually(
      async () => {
        const response = await request(gateway.port);
        return [200, 429].includes(response.status) && (await gateway.metric('gatehouse_rate_limit_store_up')) === 0;
      },
      { what: 'the loss of the store' },
    );
    await eventually(() => floods >= 2, { what: 'another connection, whose probe is answered so as well' });
  });
});
