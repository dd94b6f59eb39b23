import { EventEmitter } from 'node:events';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { CircuitWindow } from './circuit-window.js';
import { GuardedOpossum } from './guarded-opossum.js';

function setup(mayOpen = () => true) {
  const rotation = new EventEmitter();
  const config = { errorThreshold: 0.5, volumeThreshold: 20, window: 10_000, openFor: 60_000 };
  const window = new CircuitWindow(config.window, rotation);
  const opossum = new GuardedOpossum(config, window, mayOpen);
  onTestFinished(() => opossum.shutdown());
  return { rotation, window, opossum };
}

describe('opossum, as it is used here', () => {
  it('keeps no more of 100,000 calls than their number', () => {
    const { opossum, window } = setup(() => false);
    for (let n = 0; n < 100_000; n++) opossum.record(n % 2 === 0);
    expect(window.totals).toEqual({ requests: 100_000, failures: 50_000, hardFailures: 0, outlying: 0 });
    expect(window.status.window).toHaveLength(10);
    for (const { latencyTimes, percentiles } of window.status.window) {
      expect(latencyTimes).toHaveLength(0);
      expect(Object.keys(percentiles)).toHaveLength(0);
    }
  });

  it('counts a success of a closed circuit as a call of opossum would be counted', () => {
    const fired = setup();
    void fired.opossum.fire(true);
    const { opossum, window } = setup();
    opossum.record(true);
    expect(window.totals).toEqual({ requests: 1, failures: 0, hardFailures: 0, outlying: 0 });
    expect(window.status.window).toEqual(fired.window.status.window);
  });

  it('changes its state before an outcome has been recorded, not a microtask later', () => {
    const { opossum } = setup();
    for (let n = 0; n < 20; n++) opossum.record(false);
    expect(opossum.opened).toBe(true);
    opossum.emit('halfOpen', 0);
    opossum.close();
    expect(opossum.closed).toBe(true);
  });

  it('asks before it opens, at each failure, and not before the threshold is reached', () => {
    const mayOpen = vi.fn(() => false);
    const { opossum } = setup(mayOpen);
    for (let n = 0; n < 19; n++) opossum.record(false);
    expect(mayOpen).not.toHaveBeenCalled();
    opossum.record(false);
    opossum.record(true);
    opossum.record(false);
    expect(mayOpen).toHaveBeenCalledTimes(2);
    expect(opossum.closed).toBe(true);
    opossum.forceOpen();
    expect(opossum.opened).toBe(true);
  });

  it('leaves no rejection unhandled: closed, open or shut down', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    onTestFinished(() => void process.off('unhandledRejection', unhandled));
    const { opossum } = setup();
    for (let n = 0; n < 50; n++) opossum.record(false);
    opossum.record(true);
    opossum.shutdown();
    opossum.record(false);
    opossum.record(true);
    for (let turn = 0; turn < 3; turn++) await new Promise(resolve => void setImmediate(resolve));
    expect(unhandled).not.toHaveBeenCalled();
  });

  it('loses a tenth of the window with each rotation, hard failures too, and all of it when told to forget', () => {
    const { opossum, window, rotation } = setup();
    opossum.record(true);
    window.countHardFailure();
    rotation.emit('rotate');
    opossum.record(false);
    window.countHardFailure();
    expect(window.totals).toEqual({ requests: 2, failures: 1, hardFailures: 2, outlying: 0 });
    for (let n = 0; n < 9; n++) rotation.emit('rotate');
    expect(window.totals).toEqual({ requests: 1, failures: 1, hardFailures: 1, outlying: 0 });
    window.forget();
    expect(window.totals).toEqual({ requests: 0, failures: 0, hardFailures: 0, outlying: 0 });
  });

  it('is open for as long as was said last', () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { opossum } = setup();
    opossum.openFor = 5;
    opossum.forceOpen();
    vi.advanceTimersByTime(4);
    expect(opossum.opened).toBe(true);
    vi.advanceTimersByTime(1);
    expect(opossum.halfOpen, 'opossum: it takes the time from somewhere else').toBe(true);
  });

  it('sums up no more than it asks for', () => {
    const { opossum, window } = setup();
    opossum.record(false);
    expect(opossum.stats).toEqual({ fires: 1, failures: 1 });
    expect(opossum.status).toBe(window.status);
  });

  it('goes off the rotation when it is shut down', () => {
    const { opossum, rotation } = setup();
    expect(rotation.listenerCount('rotate')).toBe(1);
    opossum.shutdown();
    expect(rotation.listenerCount('rotate')).toBe(0);
  });
});
