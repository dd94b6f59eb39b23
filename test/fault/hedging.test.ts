import { describe, expect, it } from 'vitest';
import { figure } from '../support/figure.js';
import { request } from '../support/client.js';
import { faults, late } from '../support/faults.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { errorsOf, sendLoad, tookOf } from '../support/load.js';
import { eventually } from '../support/poll.js';
import { median, quantile } from '../support/quantile.js';
import { startScripted, type ScriptedBackend } from '../support/scripted-backend.js';

/** Far more than a hedge needs, on a busy machine too. */
const slowness = 3_000;

interface Scene {
  readonly gateway: InProcessGateway;
  readonly slow: ScriptedBackend;
  readonly fast: ScriptedBackend;
}

async function slowAndFast(retries: object, behaviour = late(slowness)): Promise<Scene> {
  const slow = await startScripted('slow', behaviour);
  const fast = await startScripted('fast');
  const gateway = await startInProcess({
    upstreams: { app: { backends: [slow.url, fast.url], retries: { hedgeAfter: '50ms', ...retries } } },
  });
  return { gateway, slow, fast };
}

describe('a hedged request', () => {
  it('is answered by the faster backend, and the slower one sees it given up', async () => {
    const { gateway, slow } = await slowAndFast({ budget: '100%' });
    const answers = await sendLoad(gateway.port, { connections: 1, count: 40 });
    expect(errorsOf(answers)).toEqual({});
    // In turn, the slow one is picked first for half of them.
    expect(slow.calls.length).toBeGreaterThanOrEqual(15);
    const hedged = answers.toSorted((one, other) => tookOf(other) - tookOf(one)).slice(0, slow.calls.length);
    figure(
      `hedged after 50 ms, slow backend ${slowness} ms: median ${median(hedged.map(tookOf)).toFixed(0)} ms of the hedged, ` +
        `p99 ${quantile(answers.map(tookOf), 0.99).toFixed(0)} ms of all`,
    );
    expect(new Set(answers.map(({ backend }) => backend))).toEqual(new Set(['fast']));
    expect(Math.min(...hedged.map(tookOf))).toBeGreaterThanOrEqual(45);
    await eventually(() => expect(slow.abandoned).toBe(slow.calls.length));
    await eventually(async () => expect(await gateway.metric('gatehouse_backend_in_flight')).toBe(0));
  });

  it('is not held against the backend that was given up', async () => {
    const { gateway } = await slowAndFast({ budget: '100%' });
    await sendLoad(gateway.port, { connections: 4, count: 80 });
    expect(await gateway.metric('gatehouse_circuit_transitions_total')).toBe(0);
    expect(await gateway.metric('gatehouse_attempts_total', { outcome: 'failure' })).toBe(0);
  });

  it('is answered by the first one where that is faster in the end', async () => {
    const { gateway, slow, fast } = await slowAndFast({ budget: '100%' }, late(80));
    fast.behaviour = faults.hangs;
    const slowFirst = await sendLoad(gateway.port, { connections: 1, count: 10, timeout: 5000 });
    expect(errorsOf(slowFirst)).toEqual({});
    expect(new Set(slowFirst.map(({ backend }) => backend))).toEqual(new Set(['slow']));
    expect(slow.abandoned).toBe(0);
    await eventually(() => expect(fast.abandoned).toBe(fast.calls.length));
  });

  it('takes no more than the budget allows', async () => {
    const { gateway, slow, fast } = await slowAndFast({ budget: '10%' }, late(300));
    const started = performance.now();
    const answers = await sendLoad(gateway.port, { connections: 64, count: 600 });
    const seconds = (performance.now() - started) / 1000;
    expect(errorsOf(answers)).toEqual({});
    const extra = slow.calls.length + fast.calls.length - answers.length;
    figure(
      `hedging with a budget of 10 %: ${extra} extra attempts for ${answers.length} requests in ${seconds.toFixed(1)} s`,
    );
    expect(extra).toBeGreaterThan(0);
    // Ten a second are always allowed, and as many may be saved up.
    expect(extra).toBeLessThanOrEqual(0.1 * answers.length + 10 * (seconds + 1) + 10);
  });

  it('is never one that may not be sent twice, or that has a body', async () => {
    const { gateway, slow, fast } = await slowAndFast({ budget: '100%', methods: 'all' }, late(150));
    fast.behaviour = late(150);
    expect(errorsOf(await sendLoad(gateway.port, { connections: 4, count: 12, method: 'POST' }))).toEqual({});
    expect(slow.calls.length + fast.calls.length).toBe(12);
    for (let number = 0; number < 4; number++) {
      expect((await request(gateway.port, { method: 'PUT', body: 'a body' })).status).toBe(200);
    }
    expect(slow.calls.length + fast.calls.length).toBe(16);
    expect(errorsOf(await sendLoad(gateway.port, { connections: 1, count: 1 }))).toEqual({});
    expect(slow.calls.length + fast.calls.length).toBe(18);
  });
});
