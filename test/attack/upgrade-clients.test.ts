import { beforeAll, describe, expect, it } from 'vitest';
import { pour } from '../support/back-pressure.js';
import { connectRaw, type RawClient } from '../support/client.js';
import { type InProcessGateway, startInProcess } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { startRawBackend, type RawBackend } from '../support/raw-backend.js';
import { expectAtRest, gatewayTo, neverConnects } from '../support/scene.js';
import { secureGatewayTo } from '../support/secure-scene.js';
import { behindHead, handshake, startUpgradeBackend, switching, upgraded } from '../support/upgrade-scene.js';

const leaves = {
  'closes its connection': (client: RawClient) => client.close(),
  'resets its connection': (client: RawClient) => client.reset(),
  'ends its side': (client: RawClient) => client.half(),
} as const;

const limits = { websocket: { maxConnections: 1 } };

/** No exchange or tunnel is left, and the one place is free. */
async function expectNothingLeft(gateway: InProcessGateway, backends: readonly RawBackend[]): Promise<void> {
  await expectAtRest(gateway);
  for (const backend of backends) for (const connection of backend.connections) await connection.closed;
  await eventually(() => expect(gateway.gateway.listeners[0]!.connections).toBe(0), { deadline: 7000 });
  expect(await gateway.metric('gatehouse_tunnels_open')).toBe(0);
}

describe.each(['http', 'https'])('over %s', scheme => {
  const options = scheme === 'http' ? {} : { tls: { rejectUnauthorized: false } };
  let gateway: InProcessGateway;
  /** Agrees; ends its side when its client does. */
  let agreeing: RawBackend;
  /** Agrees; ends when it gets a Close frame. */
  let polite: RawBackend;
  /** Says nothing. */
  let silent: RawBackend;
  let never: RawBackend;

  beforeAll(async () => {
    agreeing = await startUpgradeBackend(({ socket }) => socket.once('end', () => socket.end()));
    polite = await startUpgradeBackend(({ socket }) => socket.on('data', data => data[0] === 0x88 && socket.end()));
    silent = await startRawBackend();
    const { url, backend } = await neverConnects();
    never = backend;
    const upstreams = { agreeing: agreeing.url, polite: polite.url, silent: silent.url, never: url };
    const others = {
      ...limits,
      upstreams: Object.fromEntries(
        Object.entries(upstreams).map(([name, each]) => [
          name,
          { backends: [each], timeouts: { connect: '60s', response: '60s' } },
        ]),
      ),
      routes: Object.keys(upstreams).map(name => ({ match: { path: `/${name}` }, upstream: name })),
    };
    gateway = scheme === 'http' ? await startInProcess(others) : await secureGatewayTo([], { others });
  });

  describe.each(Object.keys(leaves) as (keyof typeof leaves)[])('a client that %s', how => {
    // TLS sockets have no reset of their own.
    const leave = scheme === 'https' && how === 'resets its connection' ? leaves['closes its connection'] : leaves[how];

    it('before its request is whole leaves nothing', async () => {
      const client = await connectRaw(gateway.port, options);
      client.send(handshake({}, '/agreeing').slice(0, -2));
      leave(client);
      await expectNothingLeft(gateway, [agreeing]);
    });

    it('right behind its request leaves nothing', async () => {
      for (let count = 0; count < 5; count++) {
        const client = await connectRaw(gateway.port, options);
        client.send(handshake({}, '/agreeing'));
        leave(client);
      }
      await expectNothingLeft(gateway, [agreeing]);
    });

    it('while the backend is being connected to leaves nothing', async () => {
      const number = never.connections.length + 1;
      const client = await connectRaw(gateway.port, options);
      client.send(handshake({}, '/never'));
      await never.connection(number);
      leave(client);
      await expectNothingLeft(gateway, [never]);
    });

    it('while it waits for the answer leaves nothing', async () => {
      const number = silent.connections.length + 1;
      const client = await connectRaw(gateway.port, options);
      client.send(handshake({}, '/silent'));
      await (await silent.connection(number)).head();
      leave(client);
      await expectNothingLeft(gateway, [silent]);
    });

    it('at the moment of the 101 leaves nothing', async () => {
      const number = silent.connections.length + 1;
      const client = await connectRaw(gateway.port, options);
      client.send(handshake({}, '/silent'));
      const connection = await silent.connection(number);
      const answer = switching(await connection.head());
      connection.socket.once('end', () => connection.end());
      connection.socket.on('data', data => data[0] === 0x88 && connection.end());
      leave(client);
      connection.respond(answer);
      await expectNothingLeft(gateway, [silent]);
    });

    it('right after the 101 leaves nothing', async () => {
      const number = polite.connections.length + 1;
      const client = await upgraded(gateway.port, handshake({}, '/polite'), options);
      leave(client);
      await expectNothingLeft(gateway, [polite]);
      expect(behindHead(await polite.connection(number))[0]).toBe(0x88);
    });
  });
});

describe('a client that sends megabytes before it is answered', () => {
  const megabyte = Buffer.alloc(1024 * 1024, 'GET / HTTP/1.1\r\n\r\n');
  const size = 28;

  /** Sends it all and waits until no more of it is taken. */
  async function flood(port: number): Promise<{ client: RawClient; taken: () => number }> {
    const client = await connectRaw(port);
    client.send(handshake({ Upgrade: 'foo', 'Sec-WebSocket-Key': undefined }));
    return { client, taken: await pour(client.socket, megabyte, size) };
  }

  it('has to wait, and all of it passes when the backend agrees', async () => {
    const backend = await startRawBackend();
    const gateway = await gatewayTo([backend], {}, { websocket: { upgrades: 'any' } });
    const { client, taken } = await flood(gateway.port);
    // What the kernel holds on both sides, and a little of ours.
    expect(taken()).toBeLessThan(size / 2);
    const [connection] = backend.connections;
    expect(behindHead(connection!)).toHaveLength(0);
    connection!.respond(switching(connection!.text));
    expect(await client.response()).toMatchObject({ status: 101 });
    await eventually(() => behindHead(connection!).length >= size * megabyte.length);
    const all = behindHead(connection!);
    expect(all).toHaveLength(size * megabyte.length);
    for (let at = 0; at < all.length; at += megabyte.length) {
      expect(all.compare(megabyte, 0, megabyte.length, at, at + megabyte.length)).toBe(0);
    }
  });

  it('reads the refusal, and its further bytes are not treated as requests', async () => {
    const backend = await startRawBackend();
    const gateway = await gatewayTo([backend], {}, { websocket: { upgrades: 'any' } });
    const { client } = await flood(gateway.port);
    backend.connections[0]!.respond('HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno');
    expect(await client.response()).toMatchObject({ status: 403, text: 'no', clean: true });
    await client.closed();
    expect(client.rest).toHaveLength(0);
    await expectAtRest(gateway);
    expect(backend.connections).toHaveLength(1);
    expect(backend.connections[0]!.heads).toBe(1);
    await eventually(() => expect(gateway.gateway.listeners[0]!.connections).toBe(0));
  });

  it('and leaves, is noticed in the time of timeouts.response', async () => {
    const backend = await startRawBackend();
    const gateway = await gatewayTo([backend], { timeouts: { response: '1s' } }, { websocket: { upgrades: 'any' } });
    const { client } = await flood(gateway.port);
    client.reset();
    await expectNothingLeft(gateway, [backend]);
  });
});
