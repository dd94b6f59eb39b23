import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answer, bodyOf, refusedPort, startBackend, type Echo, type TestBackend } from '../support/backend.js';
import { connectRaw, request } from '../support/client.js';
import { chunkOf, patternOf } from '../support/pattern.js';
import { eventually } from '../support/poll.js';
import { startRawBackend } from '../support/raw-backend.js';
import { accessLineOf, expectAtRest, gatewayTo, neverConnects } from '../support/scene.js';
import { startScripted } from '../support/scripted-backend.js';

const soon = { backoff: '1ms' };
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe.each(['default', 'http-proxy-middleware'])('the body of a request that is sent again, with %s', forwarder => {
  /** A backend that reads so many bytes of a body, or all of it, and resets the connection. */
  const resetsAfterBytes = (count: number): Promise<TestBackend> =>
    startBackend(async (incoming, _, record) => {
      if (count === Infinity) await bodyOf(incoming);
      else await eventually(() => record.bodyLength >= count || incoming.complete, { interval: 1 });
      incoming.socket.resetAndDestroy();
    });

  it.each([
    ['declared', []],
    ['chunked', ['Transfer-Encoding', 'chunked']],
  ])('is identical: 10 kB, %s', async (_, headers) => {
    const body = patternOf(10_000);
    for (const bad of [await resetsAfterBytes(Infinity), await startBackend(answer(503, 'no'))]) {
      const good = await startBackend();
      const gateway = await gatewayTo([bad, good], { forwarder, retries: soon });
      const response = await request(gateway.port, { method: 'PUT', body, headers });
      expect(response.json<Echo>()).toMatchObject({ method: 'PUT', bodyLength: 10_000, sha256: sha256(body) });
      expect([bad.requests.length, good.requests.length]).toEqual([1, 1]);
      await expectAtRest(gateway);
    }
  });

  it('goes on where the client is, when the first backend resets in the middle of the upload', async () => {
    // One of a declared length that may be kept is in memory before any backend sees it.
    for (const length of [undefined, 200_000]) {
      const [bad, good] = [await resetsAfterBytes(5000), await startBackend()];
      const gateway = await gatewayTo([bad, good], { forwarder, retries: soon });
      const body = patternOf(length ?? 40_000);
      const chunked = length === undefined;
      const client = await connectRaw(gateway.port);
      const send = (bytes: Buffer): void => client.send(chunked ? chunkOf(bytes) : bytes);
      client.send(
        `PUT / HTTP/1.1\r\nHost: x\r\n${chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`}\r\n\r\n`,
      );
      send(body.subarray(0, 6000));
      // The second attempt has begun, and gets what the first had got before anything more has come.
      await eventually(() => (good.requests[0]?.bodyLength ?? 0) >= 6000);
      send(body.subarray(6000, 25_000));
      send(body.subarray(25_000));
      if (chunked) client.send('0\r\n\r\n');
      const response = await client.response({ method: 'PUT' });
      expect(response.json<Echo>()).toMatchObject({ bodyLength: body.length, sha256: sha256(body) });
      await expectAtRest(gateway);
    }
  });

  it('is not sent again when it is larger than bufferRequest and was begun', async () => {
    const [bad, good] = [await resetsAfterBytes(Infinity), await startBackend()];
    const gateway = await gatewayTo([bad, good], { forwarder, retries: { ...soon, bufferRequest: '64kb' } });
    for (const headers of [[], ['Transfer-Encoding', 'chunked']]) {
      bad.requests.length = good.requests.length = 0;
      const response = await request(gateway.port, { method: 'PUT', body: patternOf(70_000), headers });
      expect([response.status, response.header('x-gateway-error')]).toEqual([502, 'RESET']);
      expect([bad.requests.length, good.requests.length]).toEqual([1, 0]);
      // The other one's turn.
      expect((await request(gateway.port)).status).toBe(200);
    }
    await expectAtRest(gateway);
  });

  it('is sent again when it comes long after its head and the first backend could not be reached', async () => {
    const good = await startBackend();
    const gateway = await gatewayTo([`http://127.0.0.1:${await refusedPort()}`, good], { forwarder, retries: soon });
    for (const length of [100_000, 200_000]) {
      const body = patternOf(length);
      const client = await connectRaw(gateway.port);
      client.send(`PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`);
      await eventually(async () => (await gateway.metric('gatehouse_retries_total')) >= 1);
      client.send(body);
      const response = await client.response({ method: 'PUT' });
      expect(response.json<Echo>()).toMatchObject({ bodyLength: length, sha256: sha256(body) });
    }
    await expectAtRest(gateway);
  });

  it('is identical however it is cut and wherever the first backend breaks off', async () => {
    let after = 0;
    const bad = await startBackend(async (incoming, response, record) => {
      await eventually(() => record.bodyLength >= after || incoming.complete, { interval: 1 });
      if (after % 3 === 0) incoming.socket.resetAndDestroy();
      else if (after % 3 === 1) incoming.socket.end();
      else response.writeHead(503).end('no');
    });
    const good = await startBackend();
    const gateway = await gatewayTo([bad, good], {
      forwarder,
      retries: { ...soon, budget: '100%' },
      circuitBreaker: { enabled: false },
    });
    const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 12_000 })), {
      minLength: 1,
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(
        sizes,
        fc.boolean(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (pieces, chunked, share) => {
          const body = patternOf(pieces.reduce((sum, size) => sum + size, 0));
          after = Math.floor(share * body.length);
          const client = await connectRaw(gateway.port);
          client.send(
            `PUT / HTTP/1.1\r\nHost: x\r\n${chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`}\r\n\r\n`,
          );
          let at = 0;
          for (const size of pieces) {
            const piece = body.subarray(at, (at += size));
            client.send(chunked ? chunkOf(piece) : piece);
          }
          if (chunked) client.send('0\r\n\r\n');
          const response = await client.response({ method: 'PUT' });
          client.close();
          expect(response.json<Echo>()).toMatchObject({ bodyLength: body.length, sha256: sha256(body) });
        },
      ),
      { numRuns: 40 },
    );
    expect(bad.requests.length).toBeGreaterThanOrEqual(15);
    await expectAtRest(gateway);
  });
});

describe('the body of a request, besides', () => {
  it('is sent to the second backend with its 100 (Continue), when the first said 503 before any of it', async () => {
    const bad = await startRawBackend(async connection => {
      await connection.head();
      connection.end('HTTP/1.1 503 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    });
    const good = await startBackend();
    const gateway = await gatewayTo([bad, good], { retries: soon });
    const client = await connectRaw(gateway.port);
    client.send('PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\nExpect: 100-continue\r\n\r\n');
    await client.until('HTTP/1.1 100');
    client.send('abcdef');
    const response = await client.response({ method: 'PUT' });
    expect(response.informational.map(({ status }) => status)).toEqual([100]);
    expect(response.json<Echo>()).toMatchObject({ bodyLength: 6, sha256: sha256(Buffer.from('abcdef')) });
    expect(bad.connections[0]?.text).not.toContain('abcdef');
  });

  it.each([false, true])('is never left out, when a backend says 503 and reads on (chunked: %s)', async chunked => {
    const backend = await startBackend((_, response) => {
      response.writeHead(503, { 'content-length': 10 }).write('abc');
    });
    const gateway = await gatewayTo([backend, await startBackend()], { retries: soon });
    const client = await connectRaw(gateway.port);
    client.send(
      `PUT / HTTP/1.1\r\nHost: x\r\n${chunked ? 'Transfer-Encoding: chunked' : 'Content-Length: 200005'}\r\n\r\n`,
    );
    const send = (bytes: Buffer): void => client.send(chunked ? chunkOf(bytes) : bytes);
    send(Buffer.from('first'));
    await eventually(async () => (await gateway.metric('gatehouse_retries_total')) === 1);
    send(patternOf(200_000));
    if (chunked) client.send('0\r\n\r\n');
    const response = await client.response({ method: 'PUT' });
    expect(response.status).toBe(200);
    expect(response.json<Echo>().bodyLength).toBe(200_005);
  });

  it('is not sent again with bufferRequest: 0b', async () => {
    const [bad, good] = [await startScripted('bad', call => call.answer(503)), await startScripted('good')];
    const gateway = await gatewayTo([bad, good], { retries: { ...soon, bufferRequest: '0b' } });
    expect((await request(gateway.port, { method: 'PUT', body: 'a body' })).status).toBe(503);
    expect(good.calls).toHaveLength(0);
  });

  it('is sent again, in any size, when the first backend could not be reached', async () => {
    const good = await startBackend();
    const gateway = await gatewayTo([`http://127.0.0.1:${await refusedPort()}`, good], { retries: soon });
    const body = patternOf(3_000_000);
    const response = await request(gateway.port, { method: 'PUT', body });
    expect(response.json<Echo>()).toMatchObject({ bodyLength: 3_000_000, sha256: sha256(body) });
    expect(await accessLineOf(gateway)).toMatchObject({ attempts: 2 });
  });

  it.each([
    ['default', ['Transfer-Encoding', 'chunked']],
    ['http-proxy-middleware', []],
  ])(
    'is sent again, in any size, when no connection to the first was established: %s %j',
    async (forwarder, headers) => {
      const [{ url }, good] = [await neverConnects(), await startBackend()];
      const gateway = await gatewayTo([url, good], { forwarder, timeouts: { connect: '200ms' }, retries: soon });
      const body = patternOf(1_000_000);
      const response = await request(gateway.port, { method: 'PUT', body, headers });
      expect(response.status).toBe(200);
      expect(response.json<Echo>()).toMatchObject({ bodyLength: 1_000_000, sha256: sha256(body) });
    },
  );
});
