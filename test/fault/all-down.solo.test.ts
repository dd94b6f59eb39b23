import { describe, expect, it } from 'vitest';
import { allDown } from '../support/all-down.js';
import { figure } from '../support/figure.js';
import { request, type Response } from '../support/client.js';
import type { InProcessGateway } from '../support/in-process.js';
import { startLoad } from '../support/load.js';
import { eventually } from '../support/poll.js';
import { median } from '../support/quantile.js';

/** Fifty requests one after the other: their answers, and the milliseconds of the middle one. */
async function fifty({ port }: InProcessGateway): Promise<{ answers: Response[]; middle: number }> {
  const answers: Response[] = [];
  const took: number[] = [];
  for (let number = 0; number < 50; number++) {
    const started = performance.now();
    answers.push(await request(port));
    took.push(performance.now() - started);
  }
  return { answers, middle: median(took) };
}

describe('while all backends of an upstream are down', () => {
  it('clients get its fallback at once', async () => {
    const body = '<h1>Back soon</h1>';
    const fallback = { status: 503, headers: { 'content-type': 'text/html', 'retry-after': '7' }, body };
    const { gateway } = await allDown({ fallback, circuitBreaker: { openFor: '60s' } });
    const { answers, middle } = await fifty(gateway);
    figure(`fallback with all backends down: ${middle.toFixed(2)} ms (median of 50)`);
    for (const answer of answers) {
      expect([answer.status, answer.text, answer.header('content-type'), answer.header('retry-after')]).toEqual([
        503,
        body,
        'text/html',
        '7',
      ]);
    }
    expect(middle).toBeLessThan(50);
  });

  it('clients get a problem document that says when to come back, where there is no fallback', async () => {
    const { gateway } = await allDown({ circuitBreaker: { openFor: '60s' } });
    const { answers, middle } = await fifty(gateway);
    figure(`problem document with all backends down: ${middle.toFixed(2)} ms (median of 50)`);
    for (const answer of answers) {
      expect([answer.status, answer.header('x-gateway-error')]).toEqual([503, 'NO_BACKEND']);
      expect(answer.header('content-type')).toMatch(/^application\/problem\+json/);
      expect(answer.json()).toMatchObject({ status: 503 });
      // From the soonest half-open circuit.
      expect(Number(answer.header('retry-after'))).toBeGreaterThanOrEqual(1);
      expect(Number(answer.header('retry-after'))).toBeLessThanOrEqual(60);
    }
    expect(middle).toBeLessThan(50);
  });

  it('clients are served again within two seconds after one is back', async () => {
    const { gateway, backends } = await allDown({ circuitBreaker: { openFor: '1s' } });
    const load = startLoad(gateway.port, { connections: 4, rate: 100 });
    await backends[1]?.start();
    const started = performance.now();
    await eventually(() => load.answers.slice(-20).every(({ status }) => status === 200) && load.answers.length > 40);
    const first = load.answers.find(({ error }) => error === undefined);
    const took = (first?.endedAt ?? Number.POSITIVE_INFINITY) - started;
    figure(`all down, one back: first good answer after ${took.toFixed(0)} ms (openFor 1 s)`);
    expect(took).toBeLessThan(2000);
    expect(performance.now() - started).toBeLessThan(4000);
  });
});
