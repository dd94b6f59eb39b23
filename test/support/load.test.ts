import { describe, expect, it } from 'vitest';
import { refusedPort } from './backend.js';
import { closesSilently, failing, faults } from './faults.js';
import { errorsOf, sendLoad, shareOf, startLoad, tookOf } from './load.js';
import { median, quantile } from './quantile.js';
import { startScripted } from './scripted-backend.js';

describe('load', () => {
  it('is answered over as many kept connections as it is told', async () => {
    const backend = await startScripted('a');
    const answers = await sendLoad(backend.port, { count: 200, connections: 5 });
    expect(errorsOf(answers)).toEqual({});
    expect(answers.map(({ number }) => number).toSorted((a, b) => a - b)).toEqual([...Array(200).keys()]);
    expect([backend.connections, backend.calls.length, shareOf(answers, 'a')]).toEqual([5, 200, 1]);
    expect(Math.min(...answers.map(tookOf))).toBeGreaterThan(0);
  });

  it('goes on until it is stopped, no faster than its rate', async () => {
    const backend = await startScripted('a');
    const load = startLoad(backend.port, { rate: 200 });
    await expect.poll(() => load.answers.length, { timeout: 5000 }).toBeGreaterThan(40);
    const [first] = load.answers;
    const took = (performance.now() - (first?.startedAt ?? 0)) / 1000;
    expect((await load.stop()).length).toBeLessThan(took * 200 + 40);
    expect(backend.calls).toHaveLength(load.answers.length);
  });

  it.each([
    ['resetsBeforeTheHead', 'ECONNRESET'],
    ['resetsInTheBody', 'broken after 100 bytes'],
    ['sendsAShortBody', 'broken after 100 bytes'],
    ['endsWithoutTheLastChunk', 'broken after 3 bytes'],
    ['sendsGarbage', 'HPE_INVALID_CONSTANT'],
    ['hangs', 'no answer in time'],
  ] as const)('counts an error when a server %s', async (fault, error) => {
    const { port } = await startScripted('b', faults[fault]);
    const errors = errorsOf(await sendLoad(port, { count: 4, connections: 2, timeout: 300 }));
    expect(Object.keys(errors).map(text => text.startsWith(error))).toEqual([true]);
    expect(Object.values(errors)).toEqual([4]);
  });

  it('counts refused connections, statuses, answers to other requests, and connections closed under a request', async () => {
    const refused = await sendLoad(await refusedPort(), { count: 3 });
    expect(Object.keys(errorsOf(refused))).toEqual([expect.stringContaining('ECONNREFUSED')]);
    const { port } = await startScripted('b', failing(1, 503));
    expect(errorsOf(await sendLoad(port, { count: 3 }))).toEqual({ '503 of the backend': 3 });
    const other = await startScripted('b', call => call.answer(200, { body: 'b GET /load/x' }));
    expect(errorsOf(await sendLoad(other.port, { count: 3 }))).toEqual({ 'wrong answer b GET /load/x': 3 });
    expect(errorsOf(await sendLoad(other.port, { count: 3, echoed: false }))).toEqual({});
    const closing = await startScripted('b', closesSilently(2));
    const load = await sendLoad(closing.port, { count: 50, connections: 1 });
    expect(load).toHaveLength(50);
  });
});

describe('a quantile', () => {
  it('is one of the values', () => {
    expect([median([3, 1, 2]), quantile([5, 1, 4, 2], 0.99), quantile([7], 0)]).toEqual([2, 5, 7]);
    expect(median([])).toBeNaN();
  });
});
