import { describe, expect, it } from 'vitest';
import { closePayload, frameBytes } from '../support/frame-bytes.js';
import { seeded } from '../support/faults.js';
import { eventually } from '../support/poll.js';
import { expectAtRest, gatewayTo } from '../support/scene.js';
import { secureGatewayTo } from '../support/secure-scene.js';
import { startUpgradeBackend } from '../support/upgrade-scene.js';
import { anotherTunnel, clientGot, serverGot } from '../support/tunnel-scene.js';
import { scaled } from '../support/scale.js';

/** What one side can do with its connection; it sends frames with this key, or without. */
interface Side {
  readonly key: Buffer | undefined;
  send(bytes: Buffer): unknown;
  end(): unknown;
  reset(): unknown;
  pause(): unknown;
  resume(): unknown;
}

const key = Buffer.from([1, 2, 3, 4]);
const crowd = scaled(12, 30);

/** Does something that peers do, or that they must not do. */
function act(side: Side, random: () => number): void {
  const payload = Buffer.alloc(Math.floor(random() ** 3 * 4000), 'x');
  const whole = frameBytes({ opcode: 2, payload, key: side.key });
  const dice = random();
  if (dice < 0.5) side.send(whole);
  else if (dice < 0.6) side.send(Buffer.concat([whole, frameBytes({ opcode: 9, key: side.key }), whole]));
  else if (dice < 0.65) side.send(whole.subarray(0, Math.ceil(random() * whole.length)));
  else if (dice < 0.7) side.send(frameBytes({ opcode: 2, payload, key: side.key === undefined ? key : undefined }));
  else if (dice < 0.73) side.send(frameBytes({ opcode: 2, payload: Buffer.alloc(6000), key: side.key }));
  else if (dice < 0.8) side.send(frameBytes({ opcode: 8, payload: closePayload(1000), key: side.key }));
  else if (dice < 0.86) side.pause();
  else if (dice < 0.95) side.resume();
  else if (dice < 0.98) side.end();
  else side.reset();
}

describe.each([
  ['default', false],
  ['default', true],
  ['http-proxy-middleware', false],
])('behind %s, with TLS: %s', (forwarder, tls) => {
  it.each(scaled([1], [1, 2, 3]))(
    'peers that do anything at any time get whole frames and leave nothing behind (%i)',
    async seed => {
      const random = seeded(seed);
      const backend = await startUpgradeBackend();
      const websocket = { pingInterval: '100ms', idleTimeout: '500ms', maxFrame: '5000b', maxConnections: crowd };
      const times = { farewell: 500 };
      const gateway = tls
        ? await secureGatewayTo([backend], { upstream: { forwarder }, others: { websocket }, times })
        : await gatewayTo([backend], { forwarder }, { websocket }, { times });
      const scenes = [];
      for (let number = 0; number < crowd; number++) scenes.push(await anotherTunnel(gateway, backend, tls));
      for (let step = 0; step < 40; step++) {
        for (const { client, server } of scenes) {
          const asClient: Side = {
            key,
            send: bytes => client.socket.writable && client.send(bytes),
            end: () => client.half(),
            reset: () => (tls ? client.close() : client.reset()),
            pause: () => client.pause(),
            resume: () => client.resume(),
          };
          const asServer: Side = {
            key: undefined,
            send: bytes => server.socket.writable && server.respond(bytes),
            end: () => server.end(),
            reset: () => server.reset(),
            pause: () => server.pause(),
            resume: () => server.resume(),
          };
          act(random() < 0.5 ? asClient : asServer, random);
        }
        await new Promise(resolve => setImmediate(resolve));
      }
      for (const { client, server } of scenes) {
        client.resume();
        server.resume();
      }
      // The gateway soon ends every tunnel, whichever side has left.
      await eventually(async () => expect(await gateway.metric('gatehouse_tunnels_open')).toBe(0), {
        deadline: 15_000,
        interval: 100,
      });
      await expectAtRest(gateway);
      for (const scene of scenes) {
        expect(clientGot(scene).error).toBeUndefined();
        expect(serverGot(scene).error).toBeUndefined();
        scene.client.close();
        scene.server.reset();
      }
      await eventually(() => expect(gateway.gateway.listeners[0]!.connections).toBe(0));
      // Every place is free again.
      for (let number = 0; number < crowd; number++) await anotherTunnel(gateway, backend, tls);
    },
  );
});
