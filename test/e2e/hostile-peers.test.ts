import { describe, expect, it } from 'vitest';
import { connectRaw, rawRequest, request } from '../support/client.js';
import { startInProcess } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { always, startRawBackend } from '../support/raw-backend.js';

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a.example\r\n\r\n`;
const chunked = 'POST /c HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';

async function gatewayTo(answer: string, upstream: object = {}) {
  const backend = await startRawBackend(always(Buffer.from(answer, 'latin1')));
  const gateway = await startInProcess({ upstreams: { app: { backends: [backend.url], ...upstream } } });
  return { backend, gateway };
}

describe.each(['default', 'http-proxy-middleware'])('a backend behind %s', forwarder => {
  it.each([
    ['a control character', 'O\x01K'],
    ['bytes beyond ASCII', 'Trouv\xe9 \xc3\xa9'],
  ])('may have %s in its reason phrase: the client gets the response', async (_, phrase) => {
    const { gateway } = await gatewayTo(`HTTP/1.1 200 ${phrase}\r\nContent-Length: 2\r\n\r\nok`, { forwarder });
    for (const message of [get('/'), chunked]) {
      const response = await rawRequest(gateway.port, message);
      expect([200, 502]).toContain(response.status);
      expect(response.clean).toBe(true);
    }
  });

  it.each(['099 Low', '101 Switching', '101 Switching\r\nConnection: upgrade\r\nUpgrade: x'])(
    'that answers with status %s gets its client a 502',
    async status => {
      const { gateway } = await gatewayTo(`HTTP/1.1 ${status}\r\n\r\n`, { forwarder, timeouts: { response: '2s' } });
      for (const message of [get('/'), chunked]) expect((await rawRequest(gateway.port, message)).status).toBe(502);
    },
  );

  it('that uses an unknown transfer coding in its response gets its client a 502', async () => {
    const { gateway } = await gatewayTo('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n', {
      forwarder,
    });
    const response = await rawRequest(gateway.port, get('/'));
    expect([response.status, response.header('x-gateway-error')]).toEqual([502, 'PROTOCOL']);
  });
});

describe('a client that pipelines', () => {
  it('gets an answer to each request, and each reaches a backend once', async () => {
    const { backend, gateway } = await gatewayTo('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    const client = await connectRaw(gateway.port);
    client.send(['/1', '/2', '/3', '/4', '/5'].map(get).join(''));
    for (let i = 0; i < 5; i++) expect((await client.response()).status).toBe(200);
    const lines = backend.connections.flatMap(connection => connection.text.match(/^GET \S+/gm) ?? []);
    expect(lines.toSorted()).toEqual(['GET /1', 'GET /2', 'GET /3', 'GET /4', 'GET /5']);
  });

  it('takes one place of a hanging backend, and gives it back when it leaves', async () => {
    const backend = await startRawBackend(() => {});
    const gateway = await startInProcess({ upstreams: { app: { backends: [backend.url] } } });
    const client = await connectRaw(gateway.port);
    client.send(get('/hang').repeat(50));
    await eventually(() => backend.connections.length === 1);
    await eventually(async () => (await gateway.metric('gatehouse_requests_in_flight', {})) === 1);
    client.reset();
    await eventually(async () => (await gateway.metric('gatehouse_requests_in_flight', {})) === 0);
    expect(backend.connections).toHaveLength(1);
  });

  it('gets every answer, in order, when it sends far more than is read ahead', async () => {
    const backend = await startRawBackend(always('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
    const gateway = await startInProcess({ upstreams: { app: { backends: [backend.url] } } });
    const client = await connectRaw(gateway.port);
    // 64 KiB are read ahead.
    client.send(get(`/${'many/'.repeat(50)}`).repeat(1000));
    for (let count = 0; count < 1000; count++) expect((await client.response()).text).toBe('ok');
    client.close();
    await eventually(async () => (await gateway.metric('gatehouse_requests_in_flight', {})) === 0);
    expect((await request(gateway.adminPort, { path: '/health/live' })).status).toBe(200);
  });
});
