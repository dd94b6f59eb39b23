import { describe, expect, it } from 'vitest';
import { allDown } from '../support/all-down.js';
import { failing } from '../support/faults.js';
import { errorsOf, sendLoad } from '../support/load.js';
import { startScripted } from '../support/scripted-backend.js';

describe('while all backends of an upstream are down', () => {
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

  it('the fallback of the fallback is not used: the client gets the error of the fallback itself', async () => {
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
});
