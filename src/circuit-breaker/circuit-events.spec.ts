import { filter, map } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CircuitEvents, type CircuitEvent } from './circuit-events.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const opened: CircuitEvent = { upstream: 'orders', backend: 'a', from: 'closed', to: 'open', reason: 'by hand' };
const closed: CircuitEvent = { ...opened, from: 'open', to: 'closed' };

function setup() {
  const report = vi.fn<(error: unknown) => void>();
  const events = new CircuitEvents(report);
  return { report, events };
}

describe('a subscriber of circuit events', () => {
  it('that throws is reported, and harms neither the others nor the process', () => {
    const { report, events } = setup();
    const [before, after] = [vi.fn(), vi.fn()];
    const error = new Error('oh');
    events.stream.subscribe(before);
    events.stream.subscribe(() => {
      throw error;
    });
    events.stream.subscribe(after);
    events.publish(opened);
    events.publish(closed);
    // RxJS throws the errors that it has not handled from a timer.
    vi.runAllTimers();
    expect(report.mock.calls).toEqual([[error], [error]]);
    expect(before.mock.calls).toEqual([[opened], [closed]]);
    expect(after.mock.calls).toEqual([[opened], [closed]]);
  });

  it('that throws behind operators, or in one, is reported too', () => {
    const { report, events } = setup();
    const fail = (): never => {
      throw new Error('oh');
    };
    const filtered = events.stream.pipe(
      filter(({ to }) => to === 'open'),
      map(({ backend }) => backend),
    );
    filtered.subscribe({ next: fail });
    events.stream.pipe(map(fail)).subscribe();
    events.publish(opened);
    vi.runAllTimers();
    expect(report).toHaveBeenCalledTimes(2);
  });

  it('may be an object with methods, and may leave', () => {
    const { report, events } = setup();
    class Collector {
      readonly seen: CircuitEvent[] = [];
      next(event: CircuitEvent): void {
        this.seen.push(event);
      }
    }
    const collector = new Collector();
    const subscription = events.stream.subscribe(collector);
    events.publish(opened);
    subscription.unsubscribe();
    events.publish(closed);
    expect(collector.seen).toEqual([opened]);
    expect(report).not.toHaveBeenCalled();
  });

  it('sees events in the order in which they happened, also when another one causes some', () => {
    const { events } = setup();
    events.stream.subscribe(event => {
      if (event === opened) events.publish(closed);
    });
    const seen: CircuitEvent[] = [];
    events.stream.subscribe(event => void seen.push(event));
    events.publish(opened);
    expect(seen).toEqual([opened, closed]);
  });

  it('is told the end', () => {
    const { events } = setup();
    const complete = vi.fn();
    events.stream.subscribe({ complete });
    events.close();
    expect(complete).toHaveBeenCalledOnce();
  });
});
