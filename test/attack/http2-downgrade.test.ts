import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectFrames, flag, frame, type FrameClient, headerBlock, requestFields } from '../support/http2-frames.js';
import type { InProcessGateway } from '../support/in-process.js';
import { secureGatewayTo } from '../support/secure-scene.js';
import { startStrictBackend, type StrictBackend } from '../support/strict-backend.js';

const hidden = 'GET /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n';
const chunkedHidden = `0\r\n\r\n${hidden}`;
const post = requestFields({ ':method': 'POST' });

describe.each(['default', 'http-proxy-middleware'])('a request over HTTP/2, behind %s', forwarder => {
  const stream = 1;
  let backend: StrictBackend;
  let gateway: InProcessGateway;
  let client: FrameClient;

  beforeAll(async () => {
    backend = await startStrictBackend();
    gateway = await secureGatewayTo([backend], { upstream: { forwarder } });
  });

  beforeEach(async () => {
    backend.forget();
    client = await connectFrames(gateway.port);
  });

  /** Sends a head, a body in these frames, and the end: in the last of them, or in trailers. */
  function send(fields: [string, string][], parts: readonly string[], trailers?: [string, string][]): void {
    client.head(stream, fields, parts.length === 0 && trailers === undefined);
    for (const [at, part] of parts.entries()) {
      const isLast = trailers === undefined && at === parts.length - 1;
      client.send(frame.data, isLast ? flag.endStream : flag.none, stream, Buffer.from(part, 'latin1'));
    }
    if (trailers !== undefined) {
      client.send(frame.headers, flag.endHeaders | flag.endStream, stream, headerBlock(trailers));
    }
  }

  it.each<[what: string, fields: [string, string][], body: string]>([
    ['another request', post, hidden],
    ['the end of chunks and another request', post, chunkedHidden],
    ['another request, with its length', [...post, ['content-length', String(hidden.length)]], hidden],
    ['a chunk of its own', post, `5\r\nhello\r\n${chunkedHidden}`],
    ['another request, behind a GET', requestFields(), hidden],
    ['another request, behind a DELETE', requestFields({ ':method': 'DELETE' }), chunkedHidden],
  ])('is one request to the backend when its body is %s', async (_what, fields, body) => {
    send(fields, [body]);
    expect(await client.status(stream)).toBe(200);
    expect(backend.ambiguities).toEqual([]);
    expect(backend.requests.map(({ target, body: got }) => [target, got])).toEqual([['/', body]]);
  });

  // Node ends the whole connection where there is more of a body than its length says.
  it.each<[what: string, length: string, parts: string[], scope: string]>([
    ['says less than it has', '3', ['hello', hidden], 'connection'],
    ['says nothing and has one', '0', [chunkedHidden], 'connection'],
    ['says more than it has', '100', [hidden], 'stream'],
  ])(
    'is refused, and no whole request with a body to the backend, when its length %s',
    async (_what, length, parts, scope) => {
      send([...post, ['content-length', length]], parts);
      expect((await client.refusal(stream)).scope).toBe(scope);
      await probe();
      // A head that says that nothing follows is a whole request.
      const own = length === '0' ? ['POST / 0'] : [];
      expect(backend.seen.filter(each => !own.includes(each))).toEqual(['GET /probe 0']);
      expect(backend.ambiguities).toEqual([]);
    },
  );

  it('has no trailers that frame, address or authenticate a message', async () => {
    const names = [
      'host',
      'authorization',
      'cookie',
      'x-forwarded-for',
      'x_forwarded_for',
      'x-request-id',
      'trailer',
      'via',
    ];
    send(
      post,
      ['hello'],
      [...names.map((name): [string, string] => [name, 'evil']), ['content-length', '5'], ['x-sum', '7']],
    );
    expect(await client.status(stream)).toBe(200);
    expect(backend.requests).toMatchObject([{ body: 'hello', trailers: ['x-sum', '7'] }]);
    expect(backend.requests[0]!.headers.join('\n')).not.toContain('evil');
    expect(backend.ambiguities).toEqual([]);
  });

  it.each([
    ['transfer-encoding', 'chunked'],
    ['connection', 'close'],
    [':path', '/hidden'],
    ['X-Upper', '1'],
    ['te', 'gzip'],
  ])('is reset, and no whole request to the backend, with the trailer %s', async (name, value) => {
    send(post, ['hello'], [[name, value]]);
    await client.refusal(stream);
    await probe();
    expect(backend.seen).toEqual(['GET /probe 0']);
    expect(backend.ambiguities).toEqual([]);
  });

  it.each(['a\r\nx-new: 1', 'a\r\n\r\nGET /hidden HTTP/1.1', 'a\0'])(
    'loses a trailer that is a line more: %j',
    async value => {
      send(post, ['hello'], [['x-sum', value]]);
      expect(await client.status(stream)).toBe(200);
      expect(backend.requests).toMatchObject([{ target: '/', body: 'hello', trailers: [] }]);
      expect(backend.ambiguities).toEqual([]);
    },
  );

  /** Another client's request, behind all that was sent to the backend before. */
  async function probe(): Promise<void> {
    const other = await connectFrames(gateway.port);
    other.head(1, requestFields({ ':path': '/probe' }));
    expect(await other.status(1)).toBe(200);
  }
});
