import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { bodyOf, startBackend } from '../support/backend.js';
import { makeCertificate } from '../support/certificate.js';
import { request } from '../support/client.js';
import { faults, resetsAfter } from '../support/faults.js';
import type { InProcessGateway } from '../support/in-process.js';
import { patternOf } from '../support/pattern.js';
import { eventually } from '../support/poll.js';
import { accessLineOf, expectAtRest, gatewayTo } from '../support/scene.js';
import { startScripted, type Behaviour } from '../support/scripted-backend.js';

const soon = { backoff: '1ms' };
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe('a kept connection that the backend closes just when a request comes', () => {
  const endings: readonly [string, Behaviour][] = [
    ['reset', resetsAfter(1)],
    ['end', call => (call.ordinal === 1 ? call.answer() : call.end())],
  ];
  const strict = { circuitBreaker: { volumeThreshold: 1 } };
  const cases = endings.flatMap(([ending, behaviour]) =>
    [0, 2].flatMap(attempts =>
      ['default', 'http-proxy-middleware'].map(one => [ending, attempts, one, behaviour] as const),
    ),
  );

  const untouched = async (gateway: InProcessGateway): Promise<void> => {
    expect(await gateway.metric('gatehouse_circuit_state')).toBe(0);
    expect(await gateway.metric('gatehouse_circuit_transitions_total')).toBe(0);
    await expectAtRest(gateway);
  };

  it.each(cases)(
    'costs no GET and no POST without a body (%s, attempts %i, %s)',
    async (_, attempts, forwarder, behaviour) => {
      const backend = await startScripted('a', behaviour);
      const gateway = await gatewayTo([backend], { ...strict, forwarder, retries: { attempts } });
      for (const method of ['GET', 'GET', 'POST', 'GET', 'POST', 'DELETE']) {
        const response = await request(gateway.port, { method, path: '/x' });
        expect([method, response.status, response.text]).toEqual([method, 200, `a ${method} /x`]);
      }
      expect(backend.connections).toBe(6);
      expect(backend.calls.length).toBeGreaterThanOrEqual(8);
      expect(await gateway.metric('gatehouse_retries_total', { reason: 'stale' })).toBe(backend.calls.length - 6);
      await untouched(gateway);
    },
  );

  it.each(cases)(
    'gives 502 to a POST with a body, and the breaker takes no notice (%s, attempts %i, %s)',
    async (_, attempts, forwarder, behaviour) => {
      const backend = await startScripted('a', behaviour);
      const gateway = await gatewayTo([backend], { ...strict, forwarder, retries: { attempts } });
      expect((await request(gateway.port)).status).toBe(200);
      const response = await request(gateway.port, { method: 'POST', body: 'a body' });
      expect([response.status, response.header('x-gateway-error')]).toEqual([502, 'RESET']);
      expect(backend.calls.length).toBeLessThanOrEqual(2);
      await untouched(gateway);
    },
  );

  it.each([[[]], [['Transfer-Encoding', 'chunked']]])('costs no PUT with a body that is held (%j)', async headers => {
    const seen = new WeakSet<object>();
    const backend = await startBackend(async (incoming, response, record) => {
      await bodyOf(incoming);
      if (seen.has(incoming.socket)) return void incoming.socket.resetAndDestroy();
      seen.add(incoming.socket);
      response.end(record.sha256);
    });
    const gateway = await gatewayTo([backend], { ...strict, retries: soon });
    const body = patternOf(30_000);
    for (let number = 0; number < 3; number++) {
      const response = await request(gateway.port, { method: 'PUT', body, headers });
      expect([response.status, response.text]).toEqual([200, sha256(body)]);
    }
    expect(backend.requests.length).toBeGreaterThanOrEqual(4);
    await untouched(gateway);
  });

  it('costs no GET over TLS either', async () => {
    const certificate = await makeCertificate();
    const seen = new WeakSet<object>();
    const backend = await startBackend(
      (incoming, response) => {
        if (seen.has(incoming.socket)) return incoming.socket.end();
        seen.add(incoming.socket);
        return response.end('ok');
      },
      { tls: certificate },
    );
    const gateway = await gatewayTo([backend], {
      ...strict,
      retries: { attempts: 0 },
      tls: { ca: certificate.certFile },
    });
    for (let number = 0; number < 4; number++) expect((await request(gateway.port)).status).toBe(200);
    expect(backend.requests.length).toBeGreaterThanOrEqual(5);
    await untouched(gateway);
  });

  it('is met at most three times by one request', async () => {
    const held: (() => void)[] = [];
    const backend = await startScripted('a', call => {
      if (call.ordinal > 1) return call.reset();
      if (call.number > 6) return call.answer();
      held.push(() => call.answer());
      return undefined;
    });
    const gateway = await gatewayTo([backend], { ...strict, retries: { attempts: 0 } });
    const filling = Array.from({ length: 6 }, () => request(gateway.port));
    await eventually(() => held.length === 6);
    for (const release of held) release();
    await Promise.all(filling);
    // Six kept connections, each of which is reset by its second request.
    await request(gateway.port);
    expect(backend.calls.length).toBeGreaterThanOrEqual(8);
    expect(backend.calls.length).toBeLessThanOrEqual(10);
    expect(await accessLineOf(gateway, 7)).toMatchObject({ attempts: backend.calls.length - 6 });
    await untouched(gateway);
  });

  it('is not told from a backend that takes its time to reset: that counts', async () => {
    const backend = await startScripted('a', call =>
      call.ordinal === 1 ? call.answer() : void setTimeout(() => call.reset(), 1200),
    );
    const gateway = await gatewayTo([backend], { ...strict, retries: { attempts: 0 } });
    expect((await request(gateway.port)).status).toBe(200);
    expect((await request(gateway.port)).status).toBe(502);
    expect(await gateway.metric('gatehouse_circuit_state')).toBe(2);
  });

  it('is told from a fresh connection that is reset: that counts', async () => {
    const backend = await startScripted('a', faults.resetsBeforeTheHead);
    const gateway = await gatewayTo([backend], { ...strict, retries: { attempts: 0 } });
    expect((await request(gateway.port)).status).toBe(502);
    expect(await gateway.metric('gatehouse_circuit_state')).toBe(2);
  });
});
