import { describe, expect, it } from 'vitest';
import { connectRaw, request } from '../support/client.js';
import type { InProcessGateway } from '../support/in-process.js';
import { expectAtRest, gatewayTo } from '../support/scene.js';
import { startScripted, type Behaviour } from '../support/scripted-backend.js';

const opened = (gateway: InProcessGateway): Promise<number> =>
  gateway.metric('gatehouse_circuit_transitions_total', { to: 'open' });

/** Resets `/poison`, says nothing to `/silent`, and answers all else. */
const touchy: Behaviour = call => {
  if (call.url === '/poison') call.reset();
  else if (call.url !== '/silent') call.answer();
};

const settings = {
  retries: { backoff: '1ms', on: ['reset', 'timeout'], attempts: 2 },
  timeouts: { response: '100ms' },
  circuitBreaker: { volumeThreshold: 1 },
};

describe('a request that every backend ends in the same way', () => {
  it.each([
    ['/poison', 502],
    ['/silent', 504],
  ])('opens no circuit (%s)', async (path, status) => {
    const backends = await Promise.all(['a', 'b', 'c'].map(name => startScripted(name, touchy)));
    const gateway = await gatewayTo(backends, settings);
    for (let number = 0; number < 3; number++) expect((await request(gateway.port, { path })).status).toBe(status);
    expect(backends.flatMap(({ calls }) => calls)).toHaveLength(9);
    expect(await opened(gateway)).toBe(0);
    await expectAtRest(gateway);
  });

  it('and that another one answers opens the circuit of the first', async () => {
    const [bad, good] = [await startScripted('bad', call => call.reset()), await startScripted('good')];
    const gateway = await gatewayTo([bad, good], settings);
    expect((await request(gateway.port)).text).toBe('good GET /');
    expect(await gateway.metric('gatehouse_circuit_state', { backend: bad.id })).toBe(2);
    await expectAtRest(gateway);
  });

  it('counts once at the only backend, however often it is tried again', async () => {
    const only = await startScripted('only', touchy);
    const gateway = await gatewayTo([only], { ...settings, circuitBreaker: { volumeThreshold: 2 } });
    await request(gateway.port, { path: '/poison' });
    expect(only.calls).toHaveLength(3);
    expect(await opened(gateway)).toBe(0);
    await request(gateway.port, { path: '/poison' });
    expect(await opened(gateway)).toBe(1);
  });

  it('counts when the client leaves while the next attempt is under way', async () => {
    const [bad, silent] = [await startScripted('bad', call => call.reset()), await startScripted('silent', () => {})];
    const gateway = await gatewayTo([bad, silent], { ...settings, timeouts: { response: '0s' } });
    const client = await connectRaw(gateway.port);
    client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await expect.poll(() => silent.calls.length).toBe(1);
    client.reset();
    await expectAtRest(gateway);
    expect(await gateway.metric('gatehouse_circuit_state', { backend: bad.id })).toBe(2);
  });
});

describe('with `timeout` in retries.on and no tryTimeout', () => {
  it('each attempt has timeouts.response for itself, so that another backend can answer', async () => {
    const [silent, good] = [await startScripted('silent', () => {}), await startScripted('good')];
    const gateway = await gatewayTo([silent, good], settings);
    expect((await request(gateway.port)).text).toBe('good GET /');
    expect([silent.calls.length, good.calls.length]).toEqual([1, 1]);
    await expectAtRest(gateway);
  });

  it('the client waits for as many times timeouts.response as there are attempts, and gets 504', async () => {
    const backends = await Promise.all(['a', 'b'].map(name => startScripted(name, () => {})));
    const gateway = await gatewayTo(backends, { ...settings, retries: { ...settings.retries, attempts: 1 } });
    const began = performance.now();
    expect((await request(gateway.port)).header('x-gateway-error')).toBe('HEAD_TIMEOUT');
    expect(performance.now() - began).toBeGreaterThan(190);
    expect(backends.map(({ calls }) => calls.length)).toEqual([1, 1]);
  });
});
