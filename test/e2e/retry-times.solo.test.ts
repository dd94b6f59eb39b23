import { describe, expect, it } from 'vitest';
import { request } from '../support/client.js';
import { faults } from '../support/faults.js';
import { expectAtRest, gatewayTo, neverConnects } from '../support/scene.js';
import { startScripted, type Behaviour } from '../support/scripted-backend.js';

const soon = { backoff: '1ms' };
const says =
  (status: number, ...headers: string[]): Behaviour =>
  call =>
    call.answer(status, { body: `${status} of the backend`, headers });

describe('Retry-After', () => {
  const once =
    (retryAfter: () => string): Behaviour =>
    call =>
      call.number === 1 ? says(503, `Retry-After: ${retryAfter()}`)(call) : call.answer();

  it.each([
    ['seconds', () => '1'],
    ['a date', () => new Date(Date.now() + 2000).toUTCString()],
  ])('is waited for where there is no other backend: %s', async (_, value) => {
    const only = await startScripted('only', once(value));
    const gateway = await gatewayTo([only], { retries: soon });
    expect((await request(gateway.port)).status).toBe(200);
    const [first, second] = only.calls;
    expect(second!.at - first!.at).toBeGreaterThan(900);
    expect(second!.at - first!.at).toBeLessThan(2600);
    await expectAtRest(gateway);
  });

  it('is passed on with the 503 when it is longer than the client would wait', async () => {
    const only = await startScripted('only', says(503, 'Retry-After: 3'));
    const gateway = await gatewayTo([only], { retries: soon, timeouts: { response: '2s' } });
    const started = performance.now();
    const response = await request(gateway.port);
    expect([response.status, response.header('retry-after'), response.text]).toEqual([503, '3', '503 of the backend']);
    expect(performance.now() - started).toBeLessThan(1000);
    expect(only.calls).toHaveLength(1);
  });

  it('holds for the backend that said it: another one is asked at once', async () => {
    const [bad, good] = [await startScripted('bad', says(503, 'Retry-After: 20')), await startScripted('good')];
    const gateway = await gatewayTo([bad, good], { retries: soon });
    const started = performance.now();
    expect((await request(gateway.port)).status).toBe(200);
    expect(performance.now() - started).toBeLessThan(1000);
  });

  it('is not cut short when it is longer than a timer can be', async () => {
    const only = await startScripted('only', says(503, 'Retry-After: 3000000'));
    const gateway = await gatewayTo([only], { retries: soon, timeouts: { response: '0s' } });
    expect((await request(gateway.port)).status).toBe(503);
    expect(only.calls).toHaveLength(1);
  });
});

describe('the time for all attempts together', () => {
  it('is timeouts.response', async () => {
    const backends = await Promise.all(['a', 'b', 'c'].map(name => startScripted(name, faults.hangs)));
    const gateway = await gatewayTo(backends, {
      retries: { ...soon, attempts: 10, on: ['timeout'], tryTimeout: '250ms' },
      timeouts: { response: '600ms' },
    });
    const started = performance.now();
    const response = await request(gateway.port);
    expect([response.status, response.header('x-gateway-error')]).toEqual([504, 'HEAD_TIMEOUT']);
    expect(performance.now() - started).toBeGreaterThan(500);
    // Ten attempts of 250 ms would be 2.5 s. A busy machine may not come to the third within the 600 ms.
    expect(performance.now() - started).toBeLessThan(2000);
    const calls = backends.flatMap(backend => backend.calls).length;
    expect([2, 3]).toContain(calls);
    await expectAtRest(gateway);
  });

  it('is not longer because the second attempt cannot connect', async () => {
    const [bad, { url }] = [await startScripted('bad', faults.resetsBeforeTheHead), await neverConnects()];
    const gateway = await gatewayTo([bad, url], { retries: soon, timeouts: { response: '500ms', connect: '3s' } });
    const started = performance.now();
    await request(gateway.port);
    expect(performance.now() - started).toBeLessThan(1500);
  });
});
