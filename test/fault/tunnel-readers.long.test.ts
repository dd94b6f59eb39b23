import { describe, expect, it } from 'vitest';
import { pour, settled } from '../support/back-pressure.js';
import { receive } from '../support/frame-bytes.js';
import { eventually } from '../support/poll.js';
import { accessLineOf, expectAtRest } from '../support/scene.js';
import {
  clientGot,
  closeCodeOf,
  fromClient,
  fromServer,
  leftBehind,
  noise,
  openTunnel,
  serverGot,
} from '../support/tunnel-scene.js';
import { behindHead } from '../support/upgrade-scene.js';

it('Pings do not pile up before a client that does not read', async () => {
  const scene = await openTunnel({ websocket: { pingInterval: '100ms' } });
  scene.client.pause();
  // Small frames: wherever the stream stops, the end of one is near.
  const size = 20 * 1024 * 1024;
  const frames = Buffer.alloc(1024 * 1024, fromServer(2, Buffer.alloc(1020)));
  for (let count = 0; count < 20; count++) scene.server.respond(frames);
  // The other direction is open and shows the gateway's pings. Their number before all buffers are full depends on the machine.
  const pinged = (): number => serverGot(scene).pings.length;
  await settled(() => scene.server.socket.bytesWritten - scene.server.socket.writableLength);
  const before = pinged();
  await eventually(() => expect(pinged()).toBeGreaterThan(before + 8));
  scene.client.resume();
  await eventually(() => scene.client.rest.length >= size, { deadline: 15_000 });
  // Those of the time in which the client did not read are missing, but for the few that wait on the way.
  expect(pinged() - clientGot(scene).pings.length).toBeGreaterThan(4);
});

describe.each(['default', 'http-proxy-middleware'])('a reader that stops, behind %s', forwarder => {
  const size = 40;
  /** More MiB than all buffers on the way take. */
  const enough = 24;
  const big = noise(1024 * 1024);
  const down = fromServer(2, big);
  const up = fromClient(2, big);

  it('on the client side has the server wait, and gets it all later', async () => {
    const scene = await openTunnel({ upstream: { forwarder } });
    scene.client.pause();
    const taken = await pour(scene.server.socket, down, size);
    expect(taken()).toBeLessThan(size / 2);
    // The other way is open all the while.
    scene.client.send(fromClient(1, 'hello'));
    await eventually(() => expect(serverGot(scene).text).toBe(1));
    scene.client.resume();
    await eventually(() => scene.client.rest.length >= size * down.length, { deadline: 15_000 });
    expect(receive(scene.client.rest, false)).toMatchObject({ binary: size, error: undefined });
  });

  it('on the server side has the client wait, and gets it all later', async () => {
    const scene = await openTunnel({ upstream: { forwarder } });
    scene.server.pause();
    const taken = await pour(scene.client.socket, up, size);
    expect(taken()).toBeLessThan(size / 2);
    scene.server.respond(fromServer(1, 'hello'));
    await eventually(() => expect(clientGot(scene).text).toBe(1));
    scene.server.resume();
    await eventually(() => behindHead(scene.server).length >= size * up.length, { deadline: 15_000 });
    expect(serverGot(scene)).toMatchObject({ binary: size, error: undefined });
  });

  it('on the client side is cut after writeTimeout', async () => {
    const scene = await openTunnel({ upstream: { forwarder }, limits: { writeTimeout: '600ms' }, farewell: 500 });
    scene.client.pause();
    for (let count = 0; count < enough; count++) scene.server.socket.write(down);
    expect(await closeCodeOf(() => serverGot(scene))).toBe(1001);
    await leftBehind(scene);
    await expectAtRest(scene.gateway);
    expect(await accessLineOf(scene.gateway)).toMatchObject({
      error: 'CLIENT_ABORTED',
      closedBy: 'gateway',
      closeCode: 1006,
    });
    await eventually(() => expect(scene.gateway.gateway.listeners[0]!.connections).toBe(0));
  });

  it('on the server side is cut after idleTimeout and the time of a farewell', async () => {
    const scene = await openTunnel({ upstream: { forwarder }, websocket: { idleTimeout: '500ms' }, farewell: 500 });
    scene.server.pause();
    for (let count = 0; count < enough; count++) scene.client.socket.write(up);
    await scene.client.closed();
    await expectAtRest(scene.gateway);
  });
});
