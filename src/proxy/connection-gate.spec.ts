import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { LiveBackend } from '../upstream/live-backend.js';
import { ConnectionGate } from './connection-gate.js';

const backend = (): LiveBackend => new LiveBackend({ id: 'a', url: 'http://a:80', weight: 1, backup: false }, () => {});

describe('the gate of a backend', () => {
  it('lets as many in as the limit says, and the first in the queue when one leaves', () => {
    const to = backend();
    const gate = new ConnectionGate(to, { max: 2, queue: 2, queueTimeout: 1000 });
    expect([gate.tryEnter(), gate.tryEnter(), gate.tryEnter()]).toEqual([true, true, false]);
    const order: string[] = [];
    gate.wait(
      () => order.push('first'),
      reason => order.push(reason),
    );
    gate.wait(
      () => order.push('second'),
      reason => order.push(reason),
    );
    gate.wait(
      () => order.push('third'),
      reason => order.push(reason),
    );
    expect(order).toEqual(['the queue is full']);
    gate.leave();
    gate.leave();
    expect(order).toEqual(['the queue is full', 'first', 'second']);
    expect(to.inFlight).toBe(2);
    gate.leave();
    gate.leave();
    expect(to.inFlight).toBe(0);
  });

  it('refuses who has waited too long, and forgets who gives up', () => {
    vi.useFakeTimers();
    try {
      const gate = new ConnectionGate(backend(), { max: 1, queue: 5, queueTimeout: 1000 });
      gate.tryEnter();
      const heard: string[] = [];
      const giveUp = gate.wait(
        () => heard.push('entered'),
        () => heard.push('refused'),
      );
      gate.wait(
        () => heard.push('entered'),
        () => heard.push('refused'),
      );
      giveUp();
      vi.advanceTimersByTime(1000);
      expect(heard).toEqual(['refused']);
      expect(gate.waiting).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('never holds more than the limit, and is empty when all have left, whatever the order of events', () => {
    const step = fc.constantFrom('enter', 'leave', 'give up');
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 4 }),
        fc.array(step, { maxLength: 60 }),
        (max, queue, steps) => {
          const to = backend();
          const gate = new ConnectionGate(to, { max, queue, queueTimeout: 1000 });
          let inside = 0;
          const waits: (() => void)[] = [];
          for (const each of steps) {
            if (each === 'enter') {
              if (gate.tryEnter()) inside++;
              else
                waits.push(
                  gate.wait(
                    () => inside++,
                    () => {},
                  ),
                );
            } else if (each === 'leave' && inside > 0) {
              inside--;
              gate.leave();
            } else waits.pop()?.();
            expect(inside).toBeLessThanOrEqual(max);
            expect(to.inFlight).toBe(inside);
            expect(gate.waiting).toBeLessThanOrEqual(queue);
          }
          for (const giveUp of waits) giveUp();
          for (; inside > 0; inside--) gate.leave();
          expect(to.inFlight).toBe(0);
          expect(gate.waiting).toBe(0);
        },
      ),
    );
  });
});
