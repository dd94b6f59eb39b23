import { describe, expect, it } from 'vitest';
import { request } from '../support/client.js';
import { faults } from '../support/faults.js';
import { expectAtRest, gatewayTo, neverConnects } from '../support/scene.js';
import { startScripted } from '../support/scripted-backend.js';

const soon = { backoff: '1ms' };

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
