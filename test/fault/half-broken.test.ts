import { describe, expect, it } from 'vitest';
import { figure } from '../support/figure.js';
import { failing } from '../support/faults.js';
import { startInProcess } from '../support/in-process.js';
import { shareOf, startLoad, type Load } from '../support/load.js';
import { vetoesAt } from '../support/operator.js';
import { eventually } from '../support/poll.js';
import { startScripted, well, type ScriptedBackend } from '../support/scripted-backend.js';

interface Scene {
  readonly bad: ScriptedBackend;
  readonly load: Load;
  /** The share of the requests that the bad one got while the next `count` were sent. */
  shareOfNext(count: number): Promise<number>;
}

/** Load on two good backends and one that fails half of its requests, whose circuit has just opened. */
async function openedCircuit(circuitBreaker: object): Promise<Scene> {
  const good = await Promise.all(['a', 'c'].map(name => startScripted(name)));
  const bad = await startScripted('b', failing(0.5, 500));
  const gateway = await startInProcess({
    logging: { access: { enabled: false } },
    upstreams: {
      app: { backends: [...good, bad].map(({ url }) => url), circuitBreaker: { failOn: ['5xx'], ...circuitBreaker } },
    },
  });
  const load = startLoad(gateway.port, { connections: 8, rate: 400 });
  const isOut = async (): Promise<boolean> =>
    (await vetoesAt(gateway.adminPort))[bad.id]?.includes('circuit-open') ?? false;
  await eventually(isOut, { deadline: 10_000, what: 'the circuit of the failing one opened' });
  const shareOfNext = async (count: number): Promise<number> => {
    const [calls, answers] = [bad.calls.length, load.answers.length];
    await eventually(() => load.answers.length >= answers + count, { deadline: 20_000 });
    return (bad.calls.length - calls) / (load.answers.length - answers);
  };
  return { bad, load, shareOfNext };
}

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

describe('a backend that fails half of its requests', () => {
  it('gets next to nothing once its circuit is open', async () => {
    const { load, shareOfNext } = await openedCircuit({});
    const share = await shareOfNext(500);
    figure(`a half-broken backend gets ${percent(share)} of 500 requests after its circuit opened`);
    expect(share).toBeLessThan(0.02);
    await load.stop();
    // Other errors than its own would be the gateway's.
    expect(Object.keys(load.errors).filter(error => error !== '500 of the backend')).toEqual([]);
  });

  it('is back in its share soon after it is mended', async () => {
    const { bad, load, shareOfNext } = await openedCircuit({ openFor: '1s' });
    const share = await shareOfNext(500);
    figure(`a half-broken backend gets ${percent(share)} while half of the trials each second succeed`);
    expect(share).toBeLessThan(0.2);
    bad.behaviour = well;
    const mended = performance.now();
    await eventually(() => shareOf(load.answers.slice(-150), 'b') > 0.25, { what: 'its share of the traffic' });
    const took = performance.now() - mended;
    figure(`a mended backend has its share again after ${took.toFixed(0)} ms (openFor 1 s)`);
  });
});
