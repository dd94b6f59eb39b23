import { describe, expect, it } from 'vitest';
import { refusedPort } from '../support/backend.js';
import { connectRaw } from '../support/client.js';
import { closePayload, frameBytes } from '../support/frame-bytes.js';
import { eventually } from '../support/poll.js';
import { behindHandshake, openingHandshake, startRawWebSocketBackend, textFrame } from '../support/raw-websocket.js';
import { accessLineOf, expectAtRest, gatewayTo } from '../support/scene.js';

const hello = textFrame('hello');
const early = textFrame('early', true);
const serverClose = frameBytes({ opcode: 8, payload: closePayload(1000) });

describe.each(['default', 'http-proxy-middleware'])('what is sent with a handshake, behind %s', forwarder => {
  it('reaches the client when the server sends it in one packet with its 101', async () => {
    const backend = await startRawWebSocketBackend(hello);
    const gateway = await gatewayTo([backend], { forwarder });
    const client = await connectRaw(gateway.port);
    client.send(openingHandshake);
    expect((await client.response()).status).toBe(101);
    await client.until(hello.toString('latin1'));
    expect(client.rest).toEqual(hello);
  });

  it('reaches the server when the client sends it in one packet with its request', async () => {
    const backend = await startRawWebSocketBackend();
    const gateway = await gatewayTo([backend], { forwarder });
    const client = await connectRaw(gateway.port);
    client.send(Buffer.concat([Buffer.from(openingHandshake), early, early]));
    expect((await client.response()).status).toBe(101);
    const connection = await backend.connection();
    await eventually(() => expect(behindHandshake(connection)).toEqual(Buffer.concat([early, early])));
  });

  it('reaches the server when the client sends half of a frame before the 101, and the rest behind it', async () => {
    const answer = Promise.withResolvers<void>();
    const backend = await startRawWebSocketBackend();
    const { script } = backend;
    backend.script = async connection => {
      await answer.promise;
      await script(connection);
    };
    const gateway = await gatewayTo([backend], { forwarder });
    const client = await connectRaw(gateway.port);
    client.send(openingHandshake);
    const connection = await backend.connection();
    await connection.head();
    client.send(early.subarray(0, 5));
    // Nothing of it may be on its way before the server has agreed.
    expect(behindHandshake(connection)).toHaveLength(0);
    answer.resolve();
    expect((await client.response()).status).toBe(101);
    client.send(early.subarray(5));
    await eventually(() => expect(behindHandshake(connection)).toEqual(early));
  });

  it('reaches the server that takes over when the first refuses the connection', async () => {
    const backend = await startRawWebSocketBackend(hello);
    const gateway = await gatewayTo([`http://127.0.0.1:${await refusedPort()}`, backend], { forwarder });
    const client = await connectRaw(gateway.port);
    client.send(Buffer.concat([Buffer.from(openingHandshake), early]));
    expect((await client.response()).status).toBe(101);
    await client.until(hello.toString('latin1'));
    const connection = await backend.connection();
    await eventually(() => expect(behindHandshake(connection)).toEqual(early));
  });

  it('is seen whole when the server says goodbye and ends in the same packet', async () => {
    const backend = await startRawWebSocketBackend(Buffer.concat([hello, serverClose]), connection => connection.end());
    const gateway = await gatewayTo([backend], { forwarder });
    const client = await connectRaw(gateway.port);
    client.send(openingHandshake);
    expect((await client.response()).status).toBe(101);
    client.send(frameBytes({ opcode: 8, payload: closePayload(1000), key: Buffer.alloc(4) }));
    expect(await client.closed()).toBe('end');
    client.half();
    expect(client.rest).toEqual(Buffer.concat([hello, serverClose]));
    expect(await accessLineOf(gateway)).toMatchObject({ closeCode: 1000, closedBy: 'backend', messagesOut: 1 });
    await expectAtRest(gateway);
  });

  it('is followed by 1012 when the server goes without a word', async () => {
    const backend = await startRawWebSocketBackend(hello, connection => connection.end());
    const gateway = await gatewayTo([backend], { forwarder });
    const client = await connectRaw(gateway.port);
    client.send(openingHandshake);
    expect((await client.response()).status).toBe(101);
    client.send(frameBytes({ opcode: 8, payload: closePayload(1000), key: Buffer.alloc(4) }));
    expect(await client.closed()).toBe('end');
    client.half();
    await expectAtRest(gateway);
    const goodbye = frameBytes({ opcode: 8, payload: closePayload(1012, 'the server went away') });
    expect(client.rest).toEqual(Buffer.concat([hello, goodbye]));
  });
});
