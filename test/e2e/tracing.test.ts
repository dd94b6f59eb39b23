import { beforeAll, describe, expect, it } from 'vitest';
import { Tracing } from '../../src/tracing/tracing.js';
import type { TestBackend } from '../support/backend.js';
import { connectRaw, rawRequest, request, type RequestOptions, type Response } from '../support/client.js';
import { openStream, type EventBackend } from '../support/event-stream.js';
import { connectHttp2 } from '../support/http2-client.js';
import type { InProcessGateway } from '../support/in-process.js';
import type { OtlpReceiver } from '../support/otlp-receiver.js';
import type { ReceivedSpan } from '../support/otlp-spans.js';
import { eventually } from '../support/poll.js';
import { startTraced, type TracedScene } from '../support/traced-scene.js';
import { openWebSocket } from '../support/websocket-client.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';
const sampledParent = { traceparent: `00-${traceId}-${spanId}-01` };

/** What a span tells of one sort of event. */
const eventsOf = (span: ReceivedSpan, name: string) =>
  span.events.filter(each => each.name === `gatehouse.${name}`).map(({ attributes }) => attributes);

describe('the spans of an exchange', () => {
  let receiver: OtlpReceiver;
  let backend: TestBackend;
  let slow: TestBackend;
  let events: EventBackend;
  let gateway: InProcessGateway;
  let scene: TracedScene;

  beforeAll(async () => {
    scene = await startTraced();
    ({ backend, events, gateway, receiver, slow } = scene);
  });

  /** The spans of an answer. */
  const spansOf = async (id: string | undefined) => {
    await eventually(
      async () => {
        await gateway.gateway.app.get(Tracing).flush();
        return receiver.of(id) !== undefined;
      },
      { deadline: 5_000, what: `the spans of ${id}` },
    );
    return receiver.of(id)!;
  };
  const idOf = (response: Pick<Response, 'header'>): string => response.header('x-request-id')!;
  const asked = async (path: string, options: RequestOptions = {}) =>
    spansOf(idOf(await request(gateway.port, { path, ...options })));

  it('are one of a server and one of a client, which the backend gets as the parent', async () => {
    const response = await request(gateway.port, { path: '/app/things/7?token=planted-query' });
    const { server, clients } = await spansOf(idOf(response));
    const [client] = clients;
    expect(server).toMatchObject({ name: 'GET app', kind: 'server', parentId: '', isError: false, links: [] });
    expect(server.attributes).toMatchObject({
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'http.route': 'app',
      'url.scheme': 'http',
      'url.path': '/app/things/7',
      'server.address': '127.0.0.1',
      'server.port': gateway.port,
      'client.address': '127.0.0.1',
      'network.protocol.version': '1.1',
      'gatehouse.upstream': 'app',
      'gatehouse.backend': 'app-1',
      'gatehouse.attempts': 1,
      'gatehouse.kept_for': 'share',
    });
    expect(client).toMatchObject({ name: 'GET', kind: 'client', parentId: server.spanId, traceId: server.traceId });
    expect(client?.attributes).toMatchObject({
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'url.full': `${backend.url}/app/things/7`,
      'server.address': '127.0.0.1',
      'server.port': backend.port,
      'gatehouse.backend': 'app-1',
    });
    expect(client?.attributes).not.toHaveProperty('http.request.resend_count');
    expect(backend.last.header('traceparent')).toBe(`00-${server.traceId}-${client?.spanId}-01`);
    expect(server.start <= client!.start && client!.end <= server.end).toBe(true);
    expect(Math.abs(Number(server.end / 1_000_000n) - Date.now())).toBeLessThan(60_000);
  });

  it('come from a resource with the name of the service, and carry the token for the collector', async () => {
    const { server } = await asked('/pong');
    expect(server.resource).toMatchObject({
      'service.name': 'edge',
      'deployment.environment.name': 'test',
      'service.version': expect.stringMatching(/^\d+\.\d+\.\d+/),
      'service.instance.id': expect.stringMatching(/^[\da-f-]{36}$/),
    });
    expect(server.scope).toBe('gatehouse');
    expect(receiver.messages.at(-1)).toMatchObject({
      url: '/v1/traces',
      headers: { 'content-type': 'application/x-protobuf', 'x-team': 'planted-token' },
    });
  });

  it('have the ids that the access line has', async () => {
    const id = idOf(await request(gateway.port, { path: '/app/x', headers: sampledParent }));
    const { server } = await spansOf(id);
    const line = await gateway.waitForLog(({ requestId }) => requestId === id);
    expect(line).toMatchObject({ traceId: server.traceId, spanId: server.spanId });
  });

  it('show each try on its own, with the events between them', async () => {
    const all = await Promise.all([asked('/retried'), asked('/retried')]);
    const { server, clients } = all.find(each => each.clients.length === 2)!;
    expect(server).toMatchObject({ isError: false, attributes: { 'gatehouse.attempts': 2 } });
    expect(clients[0]).toMatchObject({
      isError: true,
      attributes: { 'error.type': 'CONNECT_FAILED', 'gatehouse.backend': 'r-0' },
    });
    expect(clients[0]?.attributes).not.toHaveProperty('http.response.status_code');
    expect(clients[1]).toMatchObject({
      isError: false,
      attributes: { 'http.request.resend_count': 1, 'http.response.status_code': 200, 'gatehouse.backend': 'r-1' },
    });
    expect(eventsOf(server, 'retry')).toEqual([
      { 'gatehouse.reason': 'connect-failure', 'gatehouse.wait_ms': expect.any(Number) },
    ]);
  });

  it('show a hedged attempt and the one that was given up', async () => {
    const all = [await asked('/hedged'), await asked('/hedged')];
    // On a busy machine the fast one may be late as well.
    const { server, clients } = all.find(each => each.clients[0]?.attributes['gatehouse.backend'] === 'h-0')!;
    expect(clients.map(({ attributes }) => attributes['gatehouse.backend'])).toEqual(['h-0', 'h-1']);
    expect(clients[0]).toMatchObject({ isError: false, attributes: { 'gatehouse.given_up': true } });
    expect(clients[1]?.attributes).toMatchObject({ 'gatehouse.hedge': true, 'http.request.resend_count': 1 });
    expect(eventsOf(server, 'hedge')).toEqual([{ 'gatehouse.backend': 'h-1' }]);
  });

  it('show how long a request has waited for a place', async () => {
    const before = slow.requests.length;
    const first = request(gateway.port, { path: '/narrow' });
    await eventually(() => slow.requests.length > before);
    const second = request(gateway.port, { path: '/narrow' });
    await eventually(async () => (await gateway.metric('gatehouse_pool_pending')) > 0);
    scene.release();
    await eventually(() => slow.requests.length > before + 1);
    scene.release();
    await first;
    const { server } = await spansOf(idOf(await second));
    const [queued] = eventsOf(server, 'queue');
    expect(queued).toMatchObject({ 'gatehouse.backend': 'narrow-1', 'gatehouse.outcome': 'entered' });
    expect(server.attributes['gatehouse.queue_ms']).toBeGreaterThan(0);
  });

  it('show why no backend could be asked', async () => {
    const failed = await asked('/broken');
    expect(failed.server).toMatchObject({
      isError: true,
      attributes: { 'error.type': 'CONNECT_FAILED', 'http.response.status_code': 502 },
    });
    const refused = await asked('/broken');
    expect(refused.clients).toEqual([]);
    expect(refused.server.attributes).toMatchObject({ 'error.type': 'NO_BACKEND', 'http.response.status_code': 503 });
    expect(eventsOf(refused.server, 'no_backend')).toEqual([
      { 'gatehouse.upstream': 'broken', 'gatehouse.reason': expect.stringContaining('broken-1: circuit-open') },
    ]);
  });

  it('show that a fallback has stood in, which is no error for the client', async () => {
    const { server } = await asked('/fallen');
    expect(server).toMatchObject({
      isError: false,
      attributes: { 'gatehouse.error': 'CONNECT_FAILED', 'http.response.status_code': 200 },
    });
    expect(eventsOf(server, 'fallback')).toEqual([
      { 'gatehouse.upstream': 'fallen', 'gatehouse.reason': 'CONNECT_FAILED' },
    ]);
  });

  it.each([
    ['/nowhere', 'GET', 404, 'NO_ROUTE', undefined],
    ['/denied', 'GET denied', 403, 'DENIED', 'ip-filter 127.0.0.1'],
  ])('of what is refused at %s say why, and are no errors of the server', async (path, name, status, error, reason) => {
    const { server, clients } = await asked(path);
    expect(clients).toEqual([]);
    expect(server).toMatchObject({ name, isError: false });
    expect(server.attributes).toMatchObject({
      'http.response.status_code': status,
      'gatehouse.error': error,
      ...(reason !== undefined && { 'gatehouse.reason': reason }),
    });
    expect(server.attributes).not.toHaveProperty('error.type');
  });

  it.each([
    ['/app/status/404', false, true],
    ['/app/status/500', true, true],
    ['/app/status/302', false, false],
  ])(
    'of an answer of the backend at %s: an error of the server %s, of the client %s',
    async (path, ofServer, ofClient) => {
      const { server, clients } = await asked(path);
      expect([server.isError, clients[0]?.isError]).toEqual([ofServer, ofClient]);
      expect(server.attributes['error.type']).toBe(ofServer ? '500' : undefined);
    },
  );

  it('of a method that a client makes up do not name it in the span', async () => {
    const response = await rawRequest(gateway.port, 'BREW /app/pot HTTP/1.1\r\nHost: a\r\n\r\n');
    const { server } = await spansOf(response.header('x-request-id'));
    expect(server).toMatchObject({
      name: 'HTTP app',
      attributes: { 'http.request.method': '_OTHER', 'http.request.method_original': 'BREW' },
    });
  });

  it.each([
    ['CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n', 'CONNECT', 405, '1.1'],
    ['GET /app/x HTTP/1.1\r\n\r\n', 'GET', 400, '1.1'],
    ['GET /app/x HTTP/1.1\r\nHost: a:99999\r\n\r\n', 'GET', 400, '1.1'],
    ['POST /app/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n', 'POST', 501, '1.1'],
    ['GET /app/x HTTP/1.0\r\n\r\n', 'GET app', 200, '1.0'],
    ['OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n', 'OPTIONS', 404, '1.1'],
  ])('of odd requests are there, too: %j', async (bytes, name, status, version) => {
    const response = await rawRequest(gateway.port, bytes);
    const { server } = await spansOf(response.header('x-request-id'));
    expect(server.name).toBe(name);
    expect(server.attributes).toMatchObject({
      'http.response.status_code': status,
      'network.protocol.version': version,
    });
  });

  it('of what is only led to https have no route', async () => {
    const response = await request(gateway.ports['plain']!, { path: '/app/x' });
    const { server } = await spansOf(idOf(response));
    expect(server).toMatchObject({ name: 'GET', attributes: { 'http.response.status_code': 308 } });
  });

  it('of half an answer are errors', async () => {
    const response = await rawRequest(gateway.port, 'GET /app/half HTTP/1.1\r\nHost: a\r\n\r\n').catch(() => undefined);
    expect(response?.clean).not.toBe(true);
    const line = await gateway.waitForLog(each => each['path'] === '/app/half');
    const { server, clients } = await spansOf(line['requestId'] as string);
    const broken = { isError: true, attributes: { 'error.type': 'BODY_BROKEN', 'http.response.status_code': 200 } };
    expect([server, clients[0]]).toMatchObject([broken, broken]);
  });

  it('of a client that leaves have no status, and are no errors', async () => {
    const before = slow.requests.length;
    const client = await connectRaw(gateway.port);
    client.send('GET /narrow HTTP/1.1\r\nHost: a\r\n\r\n');
    await eventually(() => slow.requests.length > before);
    client.reset();
    const line = await gateway.waitForLog(each => each['status'] === 499);
    const { server, clients } = await spansOf(line['requestId'] as string);
    expect(server).toMatchObject({ isError: false, attributes: { 'gatehouse.error': 'CLIENT_ABORTED' } });
    expect(server.attributes).not.toHaveProperty('http.response.status_code');
    expect(clients[0]?.attributes).toMatchObject({ 'gatehouse.given_up': true });
  });

  it('of an event stream and of a WebSocket last as long as these', async () => {
    const stream = await openStream(gateway.port, { path: '/events' });
    await events.send('data: 1\n\n');
    await eventually(() => stream.text.includes('data: 1'));
    const { response } = await events.stream();
    response.end();
    await eventually(() => stream.ended === 'end');
    const id = stream.headers['x-request-id'] as string;
    const ofStream = await spansOf(id);
    expect(ofStream.server.attributes).toMatchObject({ 'gatehouse.protocol': 'sse', 'http.response.status_code': 200 });

    const socket = await openWebSocket(gateway.port, { path: '/sockets' });
    expect(await socket.ask('hello')).toBe('hello');
    const socketId = socket.response?.headers['x-request-id'] as string;
    expect(receiver.of(socketId)).toBeUndefined();
    socket.socket.close(1000);
    await socket.closed();
    const { server, clients } = await spansOf(socketId);
    expect(server.attributes).toMatchObject({ 'gatehouse.protocol': 'websocket', 'http.response.status_code': 101 });
    expect(clients).toHaveLength(1);
  });

  it('of a request over HTTP/2 say so', async () => {
    const client = await connectHttp2(gateway.ports['secure']!);
    const { headers } = await client.request({
      headers: { ':path': '/app/x', traceparent: sampledParent.traceparent },
    });
    const { server } = await spansOf(headers['x-request-id'] as string);
    expect(server.attributes).toMatchObject({ 'network.protocol.version': '2', 'url.scheme': 'https' });
    expect(server.links).toEqual([{ traceId, spanId, flags: 0x301 }]);
  });

  it('have none of a copy: that is told not to record, as part of the same trace', async () => {
    const before = backend.requests.length;
    const { server, clients } = await asked('/mirrored');
    await eventually(() => backend.requests.length === before + 2);
    const parents = backend.requests.slice(before).map(each => each.header('traceparent'));
    expect(clients).toHaveLength(1);
    expect(parents.sort()).toEqual(
      [`00-${server.traceId}-${server.spanId}-00`, `00-${server.traceId}-${clients[0]?.spanId}-01`].sort(),
    );
  });

  it.each([
    ['one of a client', sampledParent.traceparent, true],
    ['one that is not valid', `00-${traceId}-${spanId}`, false],
    ['one of an id of zeros', `00-${'0'.repeat(32)}-${spanId}-01`, false],
  ])('begin a trace of their own, although a client sends %s', async (_, traceparent, isLinked) => {
    const { server } = await asked('/app/x', { headers: { traceparent, tracestate: 'vendor=planted' } });
    expect(server.traceId).not.toBe(traceId);
    expect(server.parentId).toBe('');
    expect(server.links).toEqual(isLinked ? [{ traceId, spanId, flags: 0x301 }] : []);
    expect(backend.last.header('traceparent')).toContain(server.traceId);
    expect(backend.last.header('tracestate')).toBeUndefined();
  });

  it('hold no secret', async () => {
    await asked('/app/x?access_token=planted-query', {
      headers: { authorization: 'Bearer planted-token', cookie: 'session=planted-cookie', 'x-api-key': 'planted-key' },
    });
    expect(receiver.text).toContain('gatehouse.request_id');
    expect(receiver.text).not.toContain('planted');
  });

  it('count as exported', async () => {
    await asked('/pong');
    expect(await gateway.metric('gatehouse_trace_spans_total', { result: 'exported' })).toBe(receiver.spans.length);
    expect(await gateway.metric('gatehouse_trace_spans_total', { result: 'failed' })).toBe(0);
  });
});
