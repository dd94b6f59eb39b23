import { describe, expect, it } from 'vitest';
import { figure } from '../support/figure.js';
import { request, type Response } from '../support/client.js';
import { failing } from '../support/faults.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { errorsOf, sendLoad, startLoad } from '../support/load.js';
import { vetoesAt } from '../support/operator.js';
import { eventually } from '../support/poll.js';
import { median } from '../support/quantile.js';
import { startScripted, type ScriptedBackend } from '../support/scripted-backend.js';

interface Scene {
  readonly gateway: InProcessGateway;
  readonly backends: readonly ScriptedBackend[];
}

/** A gateway to three backends that all went down, with every circuit open. */
async function allDown(upstream: object, others: object = {}): Promise<Scene> {
  const backends = await Promise.all(['a', 'b', 'c'].map(name => startScripted(name)));
  const gateway = await startInProcess({
    upstreams: { app: { backends: backends.map(({ url }) => url), ...upstream }, ...others },
    routes: [{ match: { path: '/*' }, upstream: 'app' }],
  });
  expect(errorsOf(await sendLoad(gateway.port, { count: 30 }))).toEqual({});
  for (const backend of backends) await backend.stop();
  const load = startLoad(gateway.port, { connections: 8, rate: 300, echoed: false });
  const allOpen = async (): Promise<boolean> => {
    const vetoes = await vetoesAt(gateway.adminPort);
    return backends.every(({ id }) => vetoes[id]?.includes('circuit-open'));
  };
  await eventually(allOpen, { deadline: 10_000, what: 'all circuits opened' });
  await load.stop();
  return { gateway, backends };
}

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

  it('another upstream takes their requests, where the fallback names one', async () => {
    const spare = await startScripted('spare');
    const { gateway } = await allDown(
      { fallback: { upstream: 'readonly' }, circuitBreaker: { openFor: '60s' } },
      { readonly: { backends: [spare.url] } },
    );
    const answers = await sendLoad(gateway.port, { count: 100 });
    expect(errorsOf(answers)).toEqual({});
    expect(new Set(answers.map(({ backend }) => backend))).toEqual(new Set(['spare']));
    const posts = await sendLoad(gateway.port, { count: 20, method: 'POST' });
    expect(errorsOf(posts)).toEqual({});
  });

  it('the fallback of the fallback is not used: its own trouble is told', async () => {
    const never = await startScripted('never');
    const failed = await startScripted('failed', failing(1, 500));
    const { gateway } = await allDown(
      { fallback: { upstream: 'readonly' }, circuitBreaker: { openFor: '60s' } },
      {
        readonly: { backends: [failed.url], fallback: { upstream: 'third' }, circuitBreaker: { failOn: ['5xx'] } },
        third: { backends: [never.url] },
      },
    );
    const answers = await sendLoad(gateway.port, { count: 60, connections: 1 });
    expect(Object.keys(errorsOf(answers)).filter(error => error !== '500 of the backend')).toEqual(['503 NO_BACKEND']);
    expect(failed.calls.length).toBeGreaterThan(0);
    expect(never.calls).toHaveLength(0);
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
