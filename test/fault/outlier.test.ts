import { describe, expect, it } from 'vitest';
import { failing } from '../support/faults.js';
import { figure } from '../support/figure.js';
import { startInProcess } from '../support/in-process.js';
import { shareOf, startLoad } from '../support/load.js';
import { eventually } from '../support/poll.js';
import { startScripted } from '../support/scripted-backend.js';

describe('with circuitBreaker.outlier', () => {
  it('a backend that answers half of its requests with 500 beside two good ones is out after a moment', async () => {
    const backends = await Promise.all([
      startScripted('a'),
      startScripted('b', failing(0.45, 500)),
      startScripted('c'),
    ]);
    const gateway = await startInProcess({
      logging: { access: { enabled: false } },
      upstreams: { app: { backends: backends.map(({ url }) => url), circuitBreaker: { outlier: {} } } },
    });
    const load = startLoad(gateway.port, { connections: 8, rate: 600 });
    await eventually(() => load.answers.length >= 300);
    const after = load.answers.length;
    await eventually(() => load.answers.length >= after + 300);
    await load.stop();
    const share = shareOf(load.answers.slice(after), 'b');
    const all = shareOf(load.answers, 'b');
    figure(`an outlier gets ${(100 * share).toFixed(1)} % after 300 requests, ${(100 * all).toFixed(1)} % of all 600`);
    expect(share).toBeLessThan(0.1);
    expect(await gateway.metric('gatehouse_circuit_state', { backend: backends[1]!.id })).toBe(2);
    expect(await gateway.metric('gatehouse_circuit_transitions_total', { to: 'open' })).toBe(1);
  });
});
