import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveBackend } from '../upstream/live-backend.js';
import { BackendWatch } from './backend-watch.js';
import type { HealthProbe, ProbeResult } from './probe.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const healthy: ProbeResult = { healthy: true };
const failed = (reason: string): ProbeResult => ({ healthy: false, reason });
const settings = { interval: 5_000, timeout: 2_000, healthyAfter: 2, unhealthyAfter: 3 };

/** A watch on one backend, started. Without jitter by default, so the first probe comes at 0 s and the others every 4.5 s. */
function setup(
  check: HealthProbe['check'],
  { jitter = () => 0, ...changes }: { jitter?: () => number; timeout?: number } = {},
) {
  const backend = new LiveBackend({ id: 'a', url: 'http://a:80', weight: 1, backup: false }, () => undefined);
  const events: string[] = [];
  const times: number[] = [];
  const started = performance.now();
  const probe: HealthProbe = {
    check: (...args) => {
      times.push(Math.round(performance.now() - started));
      return check(...args);
    },
  };
  const watch = new BackendWatch(backend, probe, { ...settings, ...changes }, jitter, {
    probed: (_backend, result) => events.push(result.healthy ? 'ok' : result.reason),
    changed: (_backend, reason) => events.push(reason === undefined ? '→ healthy' : `→ unhealthy: ${reason}`),
  });
  watch.start();
  return { backend, events, times, watch, pass: (time: number) => vi.advanceTimersByTimeAsync(time) };
}

/** A probe that gives these results in turn, then the last again and again. */
function scripted(...results: ProbeResult[]): HealthProbe['check'] {
  return async () => (results.length > 1 ? results.shift() : results[0]) ?? healthy;
}

/** A probe that finds the backend healthy after so many milliseconds of the fake clock. */
function taking(duration: number): HealthProbe['check'] {
  return () => {
    const { promise, resolve } = Promise.withResolvers<ProbeResult>();
    setTimeout(resolve, duration, healthy);
    return promise;
  };
}

describe('a watched backend', () => {
  it('counts as healthy until it has failed often enough in a row', async () => {
    const { backend, events, pass } = setup(
      scripted(failed('1'), failed('2'), healthy, failed('3'), failed('4'), failed('5')),
    );
    expect(backend.vetoes.size).toBe(0);
    await pass(4 * 4_500);
    expect([...backend.vetoes]).toEqual([]);
    await pass(4_500);
    expect([...backend.vetoes]).toEqual(['unhealthy']);
    expect(events).toEqual(['1', '2', 'ok', '3', '4', '5', '→ unhealthy: 5']);
  });

  it('keeps its verdict while the process has no descriptor to ask it with', async () => {
    const short = Object.assign(new Error('connect EMFILE'), { code: 'EMFILE' });
    const { backend, events, pass } = setup(async () => {
      if (events.length < 2 || events.length > 9) return failed('down');
      throw short;
    });
    await pass(9 * 4_500);
    expect([...backend.vetoes]).toEqual([]);
    expect(events.slice(0, 4)).toEqual(['down', 'down', 'connect EMFILE', 'connect EMFILE']);
    await pass(4_500);
    expect([...backend.vetoes]).toEqual(['unhealthy']);
  });

  it('is healthy again when it has succeeded often enough in a row', async () => {
    const down = [failed('down'), failed('down'), failed('down')];
    const { backend, events, pass } = setup(scripted(...down, healthy, failed('again'), healthy, healthy));
    await pass(5 * 4_500);
    expect([...backend.vetoes]).toEqual(['unhealthy']);
    await pass(4_500);
    expect([...backend.vetoes]).toEqual([]);
    expect(events.filter(each => each.startsWith('→'))).toEqual(['→ unhealthy: down', '→ healthy']);
  });

  it('keeps the reason of the last failure while it is out', async () => {
    const { backend, pass } = setup(
      scripted(failed('1'), failed('2'), failed('refused'), healthy, failed('answered 500')),
    );
    await pass(2 * 4_500);
    expect(backend.reasons.get('unhealthy')).toBe('refused');
    await pass(2 * 4_500);
    expect(backend.reasons.get('unhealthy')).toBe('answered 500');
  });

  it('keeps the vetoes of others', async () => {
    const { backend, pass } = setup(scripted(failed('x'), failed('x'), failed('x'), healthy));
    backend.veto('draining');
    await pass(20 * 4_500);
    expect([...backend.vetoes]).toEqual(['draining']);
  });
});

describe('the time of a probe', () => {
  it('is spread over the first second, then over a tenth of the interval to both sides', async () => {
    const draws = [0.5, 0, 1, 0.5];
    const { times, pass } = setup(scripted(healthy), { jitter: () => draws.shift() ?? 0.5 });
    await pass(20_000);
    expect(times).toEqual([500, 5_000, 10_500, 15_500]);
  });

  it('is counted from the start of the one before, however long that took', async () => {
    const { times, pass } = setup(taking(1_900));
    await pass(10_000);
    expect(times).toEqual([0, 4_500, 9_000]);
  });
});

describe('a probe that hangs', () => {
  it('is a failure after the timeout, and is told so', async () => {
    const signals: AbortSignal[] = [];
    const { events, pass } = setup((_backend, signal) => {
      signals.push(signal);
      return new Promise(() => undefined);
    });
    await pass(1_999);
    expect([events, signals[0]?.aborted]).toEqual([[], false]);
    await pass(1);
    expect([events, signals[0]?.aborted]).toEqual([['no result within 2000 ms'], true]);
  });

  it('does not pile up when it does not heed its signal, and is asked again when it has ended', async () => {
    const release: (() => void)[] = [];
    const { events, times, pass } = setup(() => new Promise(resolve => release.push(() => resolve(healthy))));
    await pass(20 * 4_500);
    expect(times).toHaveLength(2);
    expect(events.slice(0, 5)).toEqual([
      'no result within 2000 ms',
      'no result within 2000 ms',
      'earlier probes have not ended',
      '→ unhealthy: earlier probes have not ended',
      'earlier probes have not ended',
    ]);
    release.forEach(done => done());
    await pass(4_500);
    expect(times).toHaveLength(3);
    release[2]?.();
    await pass(0);
    expect(events.at(-1)).toBe('ok');
  });

  it('has its late result ignored', async () => {
    const { events, pass } = setup(taking(3_000));
    await pass(4_400);
    expect(events).toEqual(['no result within 2000 ms']);
  });
});

describe('a probe that throws', () => {
  it.each([
    ['an error', new Error('no\nsuch host'), 'no such host'],
    ['something else', 'moon', 'moon'],
    ['nothing', undefined, 'the probe failed'],
    [
      'several errors in one',
      new AggregateError([new Error('refused ::1'), new Error('refused 127.0.0.1')]),
      'refused ::1',
    ],
    ['a long message', new Error('x'.repeat(1_000)), `${'x'.repeat(199)}…`],
  ])('%s is a failure for that reason', async (_what, thrown, reason) => {
    const { events, pass } = setup(() => Promise.reject(thrown as Error));
    await pass(0);
    expect(events).toEqual([reason]);
  });

  it('before it has given a promise is a failure too', async () => {
    const { events, pass } = setup(() => {
      throw new Error('no such host');
    });
    await pass(0);
    expect(events).toEqual(['no such host']);
  });

  it('or gives nothing at all is a failure', async () => {
    const { events, pass } = setup(() => Promise.resolve(undefined as never));
    await pass(0);
    expect(events).toEqual(['the probe gave no result']);
  });
});

describe('the end of a watch', () => {
  it('leaves no timer, aborts the probe under way and tells nothing more', async () => {
    let aborted = false;
    const { backend, events, watch, pass } = setup((_backend, signal) => {
      signal.addEventListener('abort', () => (aborted = true));
      return new Promise(() => undefined);
    });
    await pass(100);
    watch.end();
    expect([aborted, vi.getTimerCount()]).toEqual([true, 0]);
    await pass(60_000);
    expect([events, vi.getTimerCount(), backend.vetoes.size]).toEqual([[], 0, 0]);
  });

  it('between two probes stops the next one', async () => {
    const { times, watch, pass } = setup(scripted(healthy));
    await pass(100);
    watch.end();
    await pass(60_000);
    expect([times, vi.getTimerCount()]).toEqual([[0], 0]);
  });
});
