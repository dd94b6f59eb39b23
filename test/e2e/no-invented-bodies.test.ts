import { METHODS } from 'node:http';
import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend, type Echo, type TestBackend } from '../support/backend.js';
import { rawRequest } from '../support/client.js';
import { connectHttp2 } from '../support/http2-client.js';
import { valueOf } from '../support/header-list.js';
import type { InProcessGateway } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { gatewayTo } from '../support/scene.js';
import { secureGatewayTo } from '../support/secure-scene.js';

const methods = METHODS.filter(method => !['CONNECT', 'HEAD', 'TRACE'].includes(method));

const framing = (body: string): (string | undefined)[] => {
  const { headers } = JSON.parse(body) as Echo;
  return [valueOf(headers, 'transfer-encoding'), valueOf(headers, 'content-length')];
};

describe.each([
  ['default', 'TE: trailers\r\nConnection: TE'],
  ['default', 'Accept: text/event-stream'],
  ['http-proxy-middleware', 'TE: trailers\r\nConnection: TE'],
])('a request without a body (%s, %j)', (forwarder, field) => {
  let gateway: InProcessGateway;
  beforeAll(async () => {
    gateway = await gatewayTo([await startBackend()], { forwarder });
  });

  it('reaches the backend without framing, with any method', async () => {
    for (const method of methods) {
      const response = await rawRequest(gateway.port, `${method} / HTTP/1.1\r\nHost: a\r\n${field}\r\n\r\n`);
      const [coding, length] = framing(response.body.toString());
      expect([method, response.status, coding]).toEqual([method, 200, undefined]);
      // The library says `0` where a body was to be expected.
      const says = forwarder === 'http-proxy-middleware' && ['POST', 'PUT', 'PATCH'].includes(method);
      expect([method, length]).toEqual([method, says ? '0' : undefined]);
    }
  });
});

describe('a request on HTTP/2 whose head is not its end', () => {
  let backend: TestBackend;
  let gateway: InProcessGateway;
  beforeAll(async () => {
    backend = await startBackend();
    gateway = await secureGatewayTo([backend]);
  });

  it.each(['GET', 'DELETE', 'OPTIONS', 'MKCOL', 'POST'])(
    'has no body, and no framing, when an empty frame ends it: %s',
    async method => {
      const client = await connectHttp2(gateway.port);
      const response = await client.request({ headers: { ':method': method }, body: '' });
      expect(response.status).toBe(200);
      const [coding, length] = framing(response.text);
      expect(coding).toBeUndefined();
      expect(length).toBeUndefined();
    },
  );

  it.each(['GET', 'POST'])('has its body where one comes, also later: %s', async method => {
    const client = await connectHttp2(gateway.port);
    const stream = client.open({ ':method': method });
    const answer = new Promise<string>(resolve => {
      let text = '';
      stream.on('data', (chunk: Buffer) => (text += chunk.toString())).on('end', () => resolve(text));
    });
    const before = backend.requests.length;
    stream.write('hello ');
    await eventually(() => backend.requests[before]?.bodyLength === 6);
    stream.end('world');
    expect((JSON.parse(await answer) as Echo).bodyLength).toBe(11);
  });
});
