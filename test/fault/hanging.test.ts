import { describe, expect, it } from 'vitest';
import { figure } from '../support/figure.js';
import { faults } from '../support/faults.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { errorsOf, sendLoad, startLoad, tookOf, type Answer } from '../support/load.js';
import { vetoesAt } from '../support/operator.js';
import { eventually } from '../support/poll.js';
import { quantile } from '../support/quantile.js';
import { type ScriptedBackend, startScripted } from '../support/scripted-backend.js';

const connections = 16;
const timeout = 1_000;

interface Scene {
  readonly gateway: InProcessGateway;
  readonly hanging: ScriptedBackend;
}

async function gatewayWithHanging(upstream: object): Promise<Scene> {
  const good = await Promise.all(['a', 'c'].map(name => startScripted(name)));
  const hanging = await startScripted('b', faults.hangs);
  const gateway = await startInProcess({
    upstreams: {
      app: {
        backends: [good[0]?.url, { url: hanging.url, id: 'hanging' }, good[1]?.url],
        timeouts: { response: `${timeout}ms` },
        circuitBreaker: { openFor: '60s' },
        ...upstream,
      },
    },
  });
  return { gateway, hanging };
}

async function loadUntilOpen(gateway: InProcessGateway): Promise<readonly Answer[]> {
  const load = startLoad(gateway.port, { connections });
  const isOut = async (): Promise<boolean> =>
    (await vetoesAt(gateway.adminPort))['hanging']?.includes('circuit-open') ?? false;
  await eventually(isOut, { deadline: 10_000, what: 'the circuit of the hanging one opened' });
  return load.stop();
}

function report(what: string, waited: readonly Answer[], all: readonly Answer[]): void {
  const longest = quantile(waited.map(tookOf), 1);
  const errors = JSON.stringify(errorsOf(all));
  figure(
    `one of three hangs, ${what}: ${waited.length} of ${all.length} clients waited, at most ${longest.toFixed(0)} ms; errors ${errors}`,
  );
}

describe('one of three backends that hangs', () => {
  it('holds up a few clients for timeouts.response, and then none', async () => {
    const { gateway, hanging } = await gatewayWithHanging({});
    const until = await loadUntilOpen(gateway);
    const waited = until.filter(answer => tookOf(answer) >= timeout - 10);
    report('defaults', waited, until);
    expect(waited.length).toBeGreaterThanOrEqual(20);
    // The volume threshold, and those that were waiting when it was reached.
    expect(waited.length).toBeLessThanOrEqual(20 + 2 * connections);
    expect(Object.keys(errorsOf(until))).toEqual(['504 HEAD_TIMEOUT']);
    const calls = hanging.calls.length;
    const after = await sendLoad(gateway.port, { connections, count: 300 });
    expect(errorsOf(after)).toEqual({});
    expect(hanging.calls).toHaveLength(calls);
  });

  it('costs no client its answer where a timeout is tried again', async () => {
    const { gateway, hanging } = await gatewayWithHanging({
      retries: { on: ['connect-failure', 'reset', 'timeout', 502, 503, 504], tryTimeout: '400ms', attempts: 4 },
      // For all attempts together: on a busy machine a good backend may take its time.
      timeouts: { response: '20s' },
    });
    const until = await loadUntilOpen(gateway);
    const waited = until.filter(answer => tookOf(answer) >= 390);
    report('with retries of 400 ms', waited, until);
    expect(waited.length).toBeGreaterThan(0);
    const calls = hanging.calls.length;
    const after = await sendLoad(gateway.port, { connections, count: 300 });
    expect(errorsOf([...until, ...after])).toEqual({});
    expect(hanging.calls).toHaveLength(calls);
  });
});
