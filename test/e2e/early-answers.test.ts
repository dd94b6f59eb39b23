import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate } from '../support/certificate.js';
import { closeLater } from '../support/cleanup.js';
import { connectRaw, request, type RequestOptions } from '../support/client.js';
import { valueOf } from '../support/header-list.js';
import { connectHttp2 } from '../support/http2-client.js';
import type { InProcessGateway } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { gatewayTo } from '../support/scene.js';
import { startScripted } from '../support/scripted-backend.js';
import { secureGatewayTo } from '../support/secure-scene.js';

/** A backend that answers from the head alone, and closes with the body unread: the kernel resets such a connection behind the answer. */
async function startHasty(answer: string, secure: boolean): Promise<{ url: string }> {
  const take = (socket: net.Socket): void => {
    let head = '';
    socket.on('error', () => {});
    socket.on('data', function look(chunk: Buffer) {
      head += chunk.toString('latin1');
      const end = head.indexOf('\r\n\r\n');
      if (end === -1) return;
      socket.off('data', look).pause();
      if (/^GET /.test(head))
        return void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok');
      const leave = (): void =>
        void (answer === '' ? socket.resetAndDestroy() : socket.end(answer, () => socket.destroy()));
      // What comes with the head is not waited for: something of the body is left unread.
      setTimeout(leave, 5);
    });
  };
  const { certFile, keyFile } = await makeCertificate();
  const server = secure
    ? tls.createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, take)
    : net.createServer(take);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closeLater(() => server.close());
  return { url: `${secure ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const unauthorized = 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 5\r\nConnection: close\r\n\r\nno no';
const strict = { circuitBreaker: { volumeThreshold: 2 }, tls: { verify: false } };

describe.each([
  ['default', 'http'],
  ['default', 'https'],
  ['http-proxy-middleware', 'http'],
  ['http-proxy-middleware', 'https'],
])('an answer that comes before the end of an upload (%s, %s)', (forwarder, scheme) => {
  const sizes = [20_000, 60_000, 1_000_000, 8_000_000];
  let gateway: InProcessGateway;
  beforeAll(async () => {
    gateway = await gatewayTo([await startHasty(unauthorized, scheme === 'https')], { ...strict, forwarder });
  });

  it.each(sizes)('reaches the client, each time (%i bytes)', async size => {
    for (let i = 0; i < 4; i++) {
      const response = await request(gateway.port, { method: 'POST', body: Buffer.alloc(size) });
      expect([response.status, response.text]).toEqual([401, 'no no']);
    }
  });

  it('reaches a client that sends its body in chunks', async () => {
    const body = (async function* () {
      for (let i = 0; i < 40; i++) yield Buffer.alloc(30_000);
    })();
    const response = await request(gateway.port, { method: 'PUT', body });
    expect([response.status, response.text]).toEqual([401, 'no no']);
  });

  it('reaches a client that sends slowly, and goes on', async () => {
    const client = await connectRaw(gateway.port);
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n`);
    const more = setInterval(() => client.send(Buffer.alloc(10_000)), 2);
    const response = await client.response();
    clearInterval(more);
    expect([response.status, response.body.toString()]).toEqual([401, 'no no']);
  });

  it('leaves the circuit closed', async () => {
    expect((await request(gateway.port)).status).toBe(200);
    expect(await gateway.metric('gatehouse_circuit_transitions_total')).toBe(0);
  });
});

describe('an answer that comes before the end of an upload, over HTTP/2', () => {
  it.each(['http', 'https'])('reaches the client, each time (%s)', async scheme => {
    const backend = await startHasty(unauthorized, scheme === 'https');
    const gateway = await secureGatewayTo([backend], { upstream: strict });
    const client = await connectHttp2(gateway.port);
    for (const size of [20_000, 1_000_000, 1_000_000]) {
      const response = await client.request({ headers: { ':method': 'POST' }, body: Buffer.alloc(size) });
      expect([response.status, response.text, response.code]).toEqual([401, 'no no', 0]);
    }
  });
});

describe.each(['default', 'http-proxy-middleware'])('a backend that resets uploads (%s)', forwarder => {
  it('keeps its circuit closed while their clients are still sending', async () => {
    const gateway = await gatewayTo([await startHasty('', false)], { ...strict, forwarder });
    for (let i = 0; i < 5; i++) {
      const client = await connectRaw(gateway.port);
      client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n${'x'.repeat(100_000)}`);
      const response = await client.response();
      expect([response.status, valueOf(response.rawHeaders, 'x-gateway-error')]).toEqual([502, 'RESET']);
      client.close();
    }
    expect((await request(gateway.port)).status).toBe(200);
    await eventually(async () => expect(await gateway.metric('gatehouse_backend_in_flight')).toBe(0));
    expect(await gateway.metric('gatehouse_circuit_transitions_total')).toBe(0);
  });
});

describe.each(['default', 'http-proxy-middleware'])('a reset behind the whole of a body (%s)', forwarder => {
  const transitionsAfter = async (size: number, options: RequestOptions = {}): Promise<number> => {
    const backend = await startScripted('resetting', call => call.reset());
    const gateway = await gatewayTo([backend], { ...strict, forwarder, retries: { attempts: 0 } });
    for (let i = 0; i < 3; i++) {
      const { header } = await request(gateway.port, { method: 'POST', body: Buffer.alloc(size, 'x'), ...options });
      expect(header('x-gateway-error')).toBe(size > 16_384 || i < 2 ? 'RESET' : 'NO_BACKEND');
    }
    return gateway.metric('gatehouse_circuit_transitions_total');
  };

  it('opens no circuit when the answer may have been lost with a body that was not read', async () => {
    expect(await transitionsAfter(90_000)).toBe(0);
    expect(await transitionsAfter(90_000, { headers: { 'transfer-encoding': 'chunked' } })).toBe(0);
  });

  it('opens the circuit when the body is so short that it is read with the head', async () => {
    expect(await transitionsAfter(1_000)).toBe(1);
  });
});
