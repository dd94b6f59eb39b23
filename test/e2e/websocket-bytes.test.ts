import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LongLived } from '../../src/proxy/lasting/long-lived.js';
import { Tunnel } from '../../src/websocket/tunnel.js';
import { connectRaw } from '../support/client.js';
import { piecesOf, withoutPings } from '../support/frame-streams.js';
import { connectHttp2 } from '../support/http2-client.js';
import { openTunnel } from '../support/http2-tunnel.js';
import type { InProcessGateway } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { behindHandshake, openingHandshake, startRawWebSocketBackend } from '../support/raw-websocket.js';
import { gatewayTo, type Server } from '../support/scene.js';
import { secureGatewayTo } from '../support/secure-scene.js';
import { scaled } from '../support/scale.js';

/** One end of a conversation. */
interface End {
  send(bytes: Buffer): void;
  received(): Buffer;
  pause(): void;
  resume(): void;
  close(): void;
}

type Start = (backends: Server[], forwarder: string) => Promise<InProcessGateway>;
const plain: Start = (backends, forwarder) => gatewayTo(backends, { forwarder });
const secure: Start = (backends, forwarder) => secureGatewayTo(backends, { upstream: { forwarder } });

type Connect = (gateway: InProcessGateway) => Promise<End>;

const overHttp1: Connect = async ({ port }) => {
  const client = await connectRaw(port);
  client.send(openingHandshake);
  expect((await client.response()).status).toBe(101);
  return {
    send: bytes => client.send(bytes),
    received: () => client.rest,
    pause: () => client.pause(),
    resume: () => client.resume(),
    close: () => client.close(),
  };
};

const overHttp2: Connect = async ({ port }) => {
  const client = await connectHttp2(port);
  const tunnel = await openTunnel(client);
  return {
    send: bytes => tunnel.stream.write(bytes),
    received: () => tunnel.received,
    pause: () => tunnel.stream.pause(),
    resume: () => tunnel.stream.resume(),
    close: () => client.session.destroy(),
  };
};

/** The only tunnel that is open. */
const tunnelsOf = ({ gateway }: InProcessGateway): Tunnel[] =>
  [...gateway.app.get(LongLived).open.keys()].filter(each => each instanceof Tunnel);

function tunnelOf(gateway: InProcessGateway): Tunnel {
  const [tunnel] = tunnelsOf(gateway);
  if (tunnel === undefined) throw new Error('no tunnel is open');
  return tunnel;
}

const conversation = fc.record({
  fromClient: piecesOf(true),
  fromBackend: piecesOf(false),
  /** Who writes next, and whether the gateway pings both sides before, over and over. */
  turns: fc.array(fc.tuple(fc.constantFrom('client', 'backend', 'both'), fc.boolean(), fc.boolean()), {
    minLength: 1,
    maxLength: 8,
  }),
  slow: fc.constantFrom('neither', 'client', 'backend'),
});

describe.each([
  ['HTTP/1.1', plain, overHttp1, 'default'],
  ['HTTP/1.1, and http-proxy-middleware', plain, overHttp1, 'http-proxy-middleware'],
  ['HTTP/2', secure, overHttp2, 'default'],
])('the bytes of a WebSocket over %s', (_, start, connect, forwarder) => {
  it(
    'arrive as they were sent, in any pieces, with whole pings of the gateway between frames',
    { timeout: 120_000 },
    async () => {
      const backend = await startRawWebSocketBackend();
      const gateway = await start([backend], forwarder);
      let pings = 0;
      await fc.assert(
        fc.asyncProperty(conversation, async ({ fromClient, fromBackend, turns, slow }) => {
          const client = await connect(gateway);
          const server = backend.connections.at(-1)!;
          const tunnel = tunnelOf(gateway);
          if (slow === 'client') client.pause();
          if (slow === 'backend') server.pause();
          const [ups, downs] = [[...fromClient], [...fromBackend]];
          for (let number = 0; ups.length + downs.length > 0; number++) {
            const [who, pingsNow, waits] = turns[number % turns.length]!;
            if (pingsNow) tunnel.ping();
            if (who !== 'backend' || downs.length === 0) client.send(ups.shift() ?? Buffer.alloc(0));
            if (who !== 'client' || ups.length === 0) server.respond(downs.shift() ?? Buffer.alloc(0));
            // Else the pieces may come together.
            if (waits) await turn();
          }
          client.resume();
          server.resume();
          await eventually(
            () => {
              const up = withoutPings(behindHandshake(server), true);
              const down = withoutPings(client.received(), false);
              expect([up.rest.length, down.rest.length]).toEqual([
                Buffer.concat(fromClient).length,
                Buffer.concat(fromBackend).length,
              ]);
              expect(up.rest.equals(Buffer.concat(fromClient))).toBe(true);
              expect(down.rest.equals(Buffer.concat(fromBackend))).toBe(true);
              pings += up.pings + down.pings;
            },
            { deadline: 10_000, what: 'the arrival of all bytes' },
          );
          client.close();
          server.end();
          await eventually(() => expect(tunnelsOf(gateway)).toHaveLength(0));
        }),
        { numRuns: scaled(15, 60), endOnFailure: true },
      );
      expect(pings).toBeGreaterThan(0);
    },
  );
});
