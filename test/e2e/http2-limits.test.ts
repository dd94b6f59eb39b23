import { once } from 'node:events';
import { constants } from 'node:http2';
import { describe, expect, it } from 'vitest';
import { type BackendHandler, answer, echo, startBackend } from '../support/backend.js';
import { connectRaw } from '../support/client.js';
import { connectHttp2, responseOf } from '../support/http2-client.js';
import {
  connectFrames,
  flag,
  frame,
  frameOf,
  headerBlock,
  requestFields,
  settingsId,
  uint32,
} from '../support/http2-frames.js';
import { eventually } from '../support/poll.js';
import { accessLineOf, expectAtRest } from '../support/scene.js';
import { secureGatewayTo } from '../support/secure-scene.js';

/** A gateway with these limits of its listener, before one backend. */
async function scene(limits: object, handler: BackendHandler = echo) {
  const backend = await startBackend(handler);
  return { backend, gateway: await secureGatewayTo([backend], { limits }) };
}

describe('the limits of a listener, over HTTP/2', () => {
  it('end an idle connection with GOAWAY after keepAliveTimeout, and no busy one', async () => {
    const { gateway } = await scene({ keepAliveTimeout: '300ms' }, (request, response) => {
      if (request.url === '/slow') setTimeout(() => response.end('late'), 900);
      else response.end('ok');
    });
    const busy = await connectHttp2(gateway.port);
    const slow = busy.request({ headers: { ':path': '/slow' } });
    const idle = await connectHttp2(gateway.port);
    expect((await idle.request()).text).toBe('ok');
    await idle.closed();
    expect(idle.goaways).toMatchObject([{ code: constants.NGHTTP2_NO_ERROR }]);
    expect((await slow).text).toBe('late');
    await busy.closed();
    expect(busy.goaways).toMatchObject([{ code: constants.NGHTTP2_NO_ERROR }]);
  });

  it('cut a client that does not go', async () => {
    const { gateway } = await scene({ keepAliveTimeout: '100ms' });
    const client = await connectFrames(gateway.port);
    await client.frame(({ type }) => type === frame.goaway);
    await client.raw.closed();
  });

  it('cut a connection that never says a word', async () => {
    const { gateway } = await scene({ headerTimeout: '300ms' });
    const silent = await connectRaw(gateway.port, { tls: { rejectUnauthorized: false, ALPNProtocols: ['h2'] } });
    await silent.closed();
    await eventually(() => gateway.gateway.listeners[0]!.connections === 0);
  });

  it('end a connection after requestsPerConnection, with whole answers to all that it took', async () => {
    const { backend, gateway } = await scene({ requestsPerConnection: 3 });
    const client = await connectHttp2(gateway.port);
    const answers = await Promise.all(Array.from({ length: 5 }, () => client.request().catch(() => undefined)));
    expect(answers.filter(each => each?.status === 200)).toHaveLength(3);
    await client.closed();
    expect(client.goaways.at(-1)).toEqual({ code: constants.NGHTTP2_NO_ERROR, lastStream: 5 });
    expect(backend.requests).toHaveLength(3);
  });

  it('answer 408 when a request has not arrived in requestTimeout', async () => {
    const { gateway } = await scene({ requestTimeout: '300ms', headerTimeout: '300ms' });
    const client = await connectHttp2(gateway.port);
    const stream = client.open({ ':method': 'POST' });
    stream.write('beginning');
    expect(await responseOf(stream)).toMatchObject({ status: 408, whole: true });
    expect(await accessLineOf(gateway)).toMatchObject({ status: 408, error: 'CLIENT_TIMEOUT' });
    expect((await client.request({ headers: { ':method': 'POST' }, body: 'quick' })).status).toBe(200);
  });

  it('answer 408 to a body that comes drop by drop', async () => {
    const backend = await startBackend();
    const limits = { minBodyRate: '10kb', writeTimeout: '1s' };
    const gateway = await secureGatewayTo([backend], { limits, times: { bodyGrace: { usual: 500, pressed: 500 } } });
    const client = await connectHttp2(gateway.port);
    const stream = client.open({ ':method': 'POST' });
    const dripping = setInterval(() => stream.write('.'), 100);
    stream.on('close', () => clearInterval(dripping));
    expect(await responseOf(stream)).toMatchObject({ status: 408, whole: true });
  });

  it('reset a stream that its client makes no room for, and leave the others', async () => {
    const { gateway } = await scene({ writeTimeout: '500ms' }, answer(200, Buffer.alloc(1 << 20)));
    const client = await connectFrames(gateway.port, { settings: [settingsId.initialWindowSize, 1000] });
    client.head(1);
    await client.frame(({ stream, type }) => type === frame.data && stream === 1);
    expect(await client.refusal(1)).toEqual({ scope: 'stream', code: constants.NGHTTP2_INTERNAL_ERROR });
    expect(await accessLineOf(gateway)).toMatchObject({ error: 'CLIENT_ABORTED' });
    client.send(frame.windowUpdate, flag.none, 0, uint32(1 << 22));
    client.head(3, requestFields({ ':method': 'HEAD' }));
    expect(await client.status(3)).toBe(200);
    await expectAtRest(gateway);
  });

  it('cut a client that reads nothing at all', async () => {
    const { gateway } = await scene({ writeTimeout: '500ms' }, answer(200, Buffer.alloc(64 << 20)));
    const client = await connectFrames(gateway.port, { settings: [settingsId.initialWindowSize, 2 ** 31 - 1] });
    client.send(frame.windowUpdate, flag.none, 0, uint32(2 ** 30));
    client.head(1);
    await client.frame(({ stream, type }) => type === frame.data && stream === 1);
    client.raw.pause();
    expect(await accessLineOf(gateway)).toMatchObject({ error: 'CLIENT_ABORTED' });
    await eventually(() => gateway.gateway.listeners[0]!.connections === 0, { what: 'the end of the connection' });
    await expectAtRest(gateway);
  });

  it('let a response wait behind another of its connection', async () => {
    const { gateway } = await scene({ writeTimeout: '500ms' }, answer(200, Buffer.alloc(4 << 20)));
    const settings = [settingsId.initialWindowSize, 1000];
    const client = await connectFrames(gateway.port, { settings });
    client.send(frame.windowUpdate, flag.none, 0, uint32(1 << 24));
    client.head(1);
    client.head(3);
    await client.frame(({ stream, type }) => type === frame.data && stream === 3);
    // Of the first a little is read now and then. Others that read nothing, one after the other, show that the second has waited for
    // longer than it may where no other passes on.
    for (let number = 0; number < 2; number++) {
      const other = await connectFrames(gateway.port, { settings });
      other.head(1);
      let isCut = false;
      const cut = other.refusal(1).then(() => (isCut = true));
      await eventually(() => {
        client.send(frame.windowUpdate, flag.none, 1, uint32(20_000));
        return isCut;
      });
      await cut;
    }
    expect(client.bodyOf(1).length).toBeLessThan(4 << 20);
    client.send(frame.windowUpdate, flag.none, 3, uint32(4 << 20));
    await eventually(() => client.bodyOf(3).length === 4 << 20, { what: 'the whole second response' });
  });

  it.each([
    ['an answer that is whole', { ':method': 'HEAD' }],
    ['a stream that is reset', { ':method': 'POST', authorization: 'NTLM abc' }],
  ])('cut a client that breaks the rules behind its GOAWAY, of which Node says nothing: with %s', async (_, of) => {
    const { gateway } = await scene({ headerTimeout: '500ms' });
    const client = await connectFrames(gateway.port);
    const ends = flag.endHeaders | flag.endStream;
    client.raw.send(
      Buffer.concat([
        frameOf(frame.headers, flag.endHeaders, 1, headerBlock(requestFields(of))),
        frameOf(frame.headers, ends, 3, headerBlock(requestFields({ ':method': 'HEAD' }))),
        frameOf(frame.goaway, flag.none, 0, Buffer.alloc(8)),
        frameOf(frame.data, flag.none, 3, Buffer.from('late')),
      ]),
    );
    await client.raw.closed();
    await expectAtRest(gateway);
    expect(gateway.gateway.listeners[0]!.connections).toBe(0);
  });

  it('end a connection that has more streams than it may', async () => {
    const { backend, gateway } = await scene({}, () => undefined);
    const client = await connectFrames(gateway.port);
    const open = Array.from({ length: 250 }, (_, i) => 2 * i + 1);
    for (const id of open) client.head(id);
    await eventually(() => backend.requests.length === 250);
    client.head(501);
    expect(await client.refusal(501)).toEqual({ scope: 'connection', code: constants.NGHTTP2_PROTOCOL_ERROR });
    await expectAtRest(gateway);
  });
});

describe('a gateway that shuts down', () => {
  it('lets streams end, and names the last that it has taken: the client sends others again elsewhere', async () => {
    let release = (): void => {};
    const { backend, gateway } = await scene({}, (_request, response) => (release = () => response.end('done')));
    const client = await connectFrames(gateway.port);
    client.head(1);
    await eventually(() => backend.requests.length === 1);
    const stopped = gateway.stop(5_000);
    const { payload } = await client.frame(({ type }) => type === frame.goaway);
    expect([payload.readUInt32BE(0), payload.readUInt32BE(4)]).toEqual([1, constants.NGHTTP2_NO_ERROR]);
    client.head(3);
    release();
    expect(await client.status(1)).toBe(200);
    expect(await stopped).toBe(0);
    await client.raw.closed();
    expect(client.bodyOf(1).toString()).toBe('done');
    expect(backend.requests).toHaveLength(1);
  });

  it('cuts what does not end within its grace, and says so', async () => {
    const { backend, gateway } = await scene({}, () => undefined);
    const client = await connectHttp2(gateway.port);
    const response = client.request();
    await eventually(() => backend.requests.length === 1);
    expect(await gateway.stop(100)).toBe(1);
    expect(await response).toMatchObject({ status: 503, headers: { 'x-gateway-error': 'DRAINING' } });
    await client.closed();
  });

  it('cuts a response that is under way with a reset or the end of the connection, never a clean end', async () => {
    const { gateway } = await scene({}, (_request, response) => response.writeHead(200).write('first'));
    const client = await connectFrames(gateway.port);
    client.head(1);
    await client.frame(({ type }) => type === frame.data);
    expect(await gateway.stop(0)).toBe(1);
    await client.raw.closed();
    client.bodyOf(1);
    const ends = client.frames.filter(each => each.type === frame.data && (each.flags & flag.endStream) !== 0);
    expect(ends).toEqual([]);
  });
});

describe('a large body over HTTP/2', () => {
  it('waits at the client while the backend does not read, and the other way round', async () => {
    const { backend, gateway } = await scene({}, (request, response) => {
      if (request.method === 'GET') response.end(Buffer.alloc(24 << 20));
    });
    const silent = await startBackend(() => undefined, { readBody: false });
    const other = await secureGatewayTo([silent]);
    const client = await connectHttp2(other.port);
    const upload = client.open({ ':method': 'POST' });
    const sent = { bytes: 0 };
    while (upload.write(Buffer.alloc(65_536)) || sent.bytes < 32 << 20) {
      sent.bytes += 65_536;
      if (sent.bytes > 64 << 20) break;
      await new Promise(resolve => setImmediate(resolve));
    }
    // Most of it still waits in the client's own memory.
    expect(upload.bufferSize).toBeGreaterThan(sent.bytes - (12 << 20));
    upload.destroy();

    const reader = await connectHttp2(gateway.port);
    const download = reader.open({}, true);
    await once(download, 'response');
    expect(backend.requests).toHaveLength(1);
    let read = 0;
    for await (const chunk of download) read += (chunk as Buffer).length;
    expect(read).toBe(24 << 20);
  });
});
