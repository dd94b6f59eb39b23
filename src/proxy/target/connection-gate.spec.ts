import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { LiveBackend } from '../../upstream/live-backend.js';
import { LoadTable } from '../../upstream/load/load-table.js';
import { ConnectionGate, type GateWaiter } from './connection-gate.js';

const waiter = (told: (what: string) => void): GateWaiter => ({
  entered: () => told('entered'),
  refused: told,
  sentAway: () => told('sent away'),
});

const backend = (): LiveBackend => new LiveBackend({ id: 'a', url: 'http://a:80', weight: 1, backup: false }, () => {});

describe('the gate of a backend', () => {
  it('lets as many in as the limit says, and the first in the queue when one leaves', () => {
    const to = backend();
    const gate = new ConnectionGate(to, { max: 2, queue: 2, queueTimeout: 1000 });
    expect([gate.tryEnter(), gate.tryEnter(), gate.tryEnter()]).toEqual([true, true, false]);
    const order: string[] = [];
    gate.wait(waiter(what => order.push(`first ${what}`)));
    gate.wait(waiter(what => order.push(`second ${what}`)));
    gate.wait(waiter(what => order.push(`third ${what}`)));
    expect(order).toEqual(['third the queue is full']);
    gate.leave();
    gate.leave();
    expect(order).toEqual(['third the queue is full', 'first entered', 'second entered']);
    expect(to.inFlight).toBe(2);
    gate.leave();
    gate.leave();
    expect(to.inFlight).toBe(0);
  });

  it('gives the place of one that will last to the next, and counts it for the backend until it leaves', () => {
    const to = backend();
    const gate = new ConnectionGate(to, { max: 1, queue: 2, queueTimeout: 1000 });
    expect(gate.tryEnter()).toBe(true);
    const order: string[] = [];
    gate.wait(waiter(what => order.push(what)));
    gate.outlast();
    expect(order).toEqual(['entered']);
    expect([to.inFlight, gate.hasRoom]).toEqual([2, false]);
    gate.leave();
    expect([to.inFlight, gate.hasRoom]).toEqual([1, true]);
    gate.leaveLongLived();
    expect([to.inFlight, gate.hasRoom]).toEqual([0, true]);
  });

  it('refuses who has waited too long, and forgets who gives up', () => {
    vi.useFakeTimers();
    try {
      const gate = new ConnectionGate(backend(), { max: 1, queue: 5, queueTimeout: 1000 });
      gate.tryEnter();
      const heard: string[] = [];
      const impatient = waiter(what => heard.push(`impatient: ${what}`));
      gate.wait(impatient);
      gate.wait(waiter(what => heard.push(what)));
      gate.giveUp(impatient);
      vi.advanceTimersByTime(1000);
      expect(heard).toEqual(['waited for connections.queueTimeout']);
      expect(gate.waiting).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('never holds more than the limit, and is empty when all have left, in any order of events', () => {
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
          const waits: GateWaiter[] = [];
          for (const each of steps) {
            if (each === 'enter') {
              if (gate.tryEnter()) inside++;
              else {
                const next = waiter(what => what === 'entered' && inside++);
                waits.push(next);
                gate.wait(next);
              }
            } else if (each === 'leave' && inside > 0) {
              inside--;
              gate.leave();
            } else if (waits.length > 0) gate.giveUp(waits.pop()!);
            expect(inside).toBeLessThanOrEqual(max);
            expect(to.inFlight).toBe(inside);
            expect(gate.waiting).toBeLessThanOrEqual(queue);
          }
          for (const each of waits) gate.giveUp(each);
          for (; inside > 0; inside--) gate.leave();
          expect(to.inFlight).toBe(0);
          expect(gate.waiting).toBe(0);
        },
      ),
    );
  });
});

describe('the gates of a backend in two threads', () => {
  it('let each thread have its turn, also beside one that is never without waiters', async () => {
    const memory = LoadTable.allocate(2, 16);
    const [busy, calm] = [0, 1].map(thread => {
      const definition = { id: 'a', url: 'http://a:80', weight: 1, backup: false };
      const load = new LoadTable(memory, thread).of('app', 'a');
      return new ConnectionGate(new LiveBackend(definition, () => {}, load), {
        max: 1,
        queue: 10,
        queueTimeout: 9_000,
      });
    });
    let entered = 0;
    let isOver = false;
    const enter = (): void => {
      if (isOver) return busy!.leave();
      entered++;
      setImmediate(() => {
        busy!.wait({ ...waiter(() => {}), entered: enter });
        busy!.leave();
      });
    };
    busy!.tryEnter();
    enter();
    for (let turn = 0; turn < 5; turn++) {
      const before = entered;
      await new Promise<void>(resolve => calm!.wait({ ...waiter(() => {}), entered: resolve }));
      expect(entered - before).toBeLessThan(20);
      calm!.leave();
    }
    isOver = true;
  });
});
