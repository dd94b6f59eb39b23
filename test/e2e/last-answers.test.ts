import { describe, expect, it } from 'vitest';
import { request } from '../support/client.js';
import { faults } from '../support/faults.js';
import { eventually } from '../support/poll.js';
import { expectAtRest, gatewayTo } from '../support/scene.js';
import { startScripted, type Behaviour } from '../support/scripted-backend.js';

const soon = { backoff: '1ms' };
const says =
  (status: number, ...headers: string[]): Behaviour =>
  call =>
    call.answer(status, { body: `${status} of the backend`, headers });

describe('an answer of the only backend', () => {
  it.each([429, 502, 503, 504])('is passed on when it is %i, and not asked for again', async status => {
    const only = await startScripted('only', says(status));
    const gateway = await gatewayTo([only], { retries: { ...soon, on: [status] } });
    expect((await request(gateway.port)).text).toBe(`${status} of the backend`);
    expect(only.calls).toHaveLength(1);
    await expectAtRest(gateway);
  });

  it.each(['1', '14', '3000000', new Date(Date.now() + 5000).toUTCString()])(
    'is not held back because it says Retry-After: %s',
    async wait => {
      const only = await startScripted('only', call =>
        call.number === 1 ? says(503, `Retry-After: ${wait}`)(call) : call.answer(),
      );
      const gateway = await gatewayTo([only], { retries: soon });
      const response = await request(gateway.port);
      expect([response.status, response.header('retry-after'), response.text]).toEqual([
        503,
        wait,
        '503 of the backend',
      ]);
      expect(only.calls).toHaveLength(1);
    },
  );
});

describe('an answer of the last backend that was not tried', () => {
  it('is passed on, and no backend is asked twice', async () => {
    const backends = await Promise.all(['a', 'b'].map(name => startScripted(name, says(503, 'Retry-After: 20'))));
    const gateway = await gatewayTo(backends, { retries: { ...soon, attempts: 5 } });
    expect((await request(gateway.port)).text).toBe('503 of the backend');
    expect(backends.map(({ calls }) => calls.length)).toEqual([1, 1]);
  });

  it('is passed on, too, where the others have no place free', async () => {
    const [bad, busy] = [await startScripted('bad', says(503)), await startScripted('busy', faults.hangs)];
    const gateway = await gatewayTo([busy, bad], { retries: soon, connections: { max: 1 } });
    const first = request(gateway.port).catch(() => undefined);
    await eventually(() => busy.calls.length === 1);
    expect((await request(gateway.port)).text).toBe('503 of the backend');
    await gateway.stop();
    await first;
  });

  it('is asked for at another backend at once, with any Retry-After', async () => {
    const [bad, good] = [await startScripted('bad', says(503, 'Retry-After: 20')), await startScripted('good')];
    const gateway = await gatewayTo([bad, good], { retries: soon, timeouts: { response: '10s' } });
    expect((await request(gateway.port)).status).toBe(200);
    expect(good.calls).toHaveLength(1);
  });
});
