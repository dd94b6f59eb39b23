import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveBackend } from '../../upstream/live-backend.js';
import { ConnectionGate, type GateLimits, type GateWaiter } from './connection-gate.js';

const full = (limits: Partial<GateLimits> = {}): { gate: ConnectionGate; to: LiveBackend } => {
  const to = new LiveBackend({ id: 'a', url: 'http://a:80', weight: 1, backup: false }, () => {});
  const gate = new ConnectionGate(to, { max: 1, queue: 100, queueTimeout: 1000, ...limits });
  while (gate.tryEnter());
  return { gate, to };
};

const waiter = (told: (what: string) => void): GateWaiter => ({
  entered: () => told('entered'),
  refused: told,
  sentAway: () => told('sent away'),
});

describe('the queue before a backend', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('is sent away when the backend is taken out: in order, each once, and none is told anything later', () => {
    const { gate, to } = full();
    const heard: string[] = [];
    for (const name of ['a', 'b', 'c']) gate.wait(waiter(what => heard.push(`${name} ${what}`)));
    gate.clear();
    expect(heard).toEqual(['a sent away', 'b sent away', 'c sent away']);
    vi.advanceTimersByTime(10_000);
    gate.leave();
    expect([heard.length, gate.waiting, to.inFlight, vi.getTimerCount()]).toEqual([3, 0, 0, 0]);
  });

  it('lets those who are sent away come back without being sent away again', () => {
    const { gate } = full();
    let times = 0;
    const stubborn: GateWaiter = {
      entered: () => {},
      refused: () => {},
      sentAway: () => {
        times++;
        gate.wait(stubborn);
      },
    };
    gate.wait(stubborn);
    gate.clear();
    expect([times, gate.waiting]).toEqual([1, 1]);
  });

  it('refuses each after its own time', () => {
    const { gate } = full();
    const heard: string[] = [];
    gate.wait(waiter(what => heard.push(`a ${what}`)));
    vi.advanceTimersByTime(600);
    gate.wait(waiter(what => heard.push(`b ${what}`)));
    vi.advanceTimersByTime(400);
    expect(heard).toEqual(['a waited for connections.queueTimeout']);
    vi.advanceTimersByTime(600);
    expect(heard).toEqual(['a waited for connections.queueTimeout', 'b waited for connections.queueTimeout']);
  });

  it('refuses at once where there is none', () => {
    const { gate } = full({ queue: 0 });
    const heard: string[] = [];
    gate.wait(waiter(what => heard.push(what)));
    expect([heard, gate.waiting]).toEqual([['the queue is full'], 0]);
  });

  it('forgets none and tells none twice, in any order of events', () => {
    const step = fc.constantFrom('enter', 'leave', 'give up', 'clear', 'time');
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 0, max: 5 }),
        fc.array(step, { maxLength: 80 }),
        (max, queue, steps) => {
          const to = new LiveBackend({ id: 'a', url: 'http://a:80', weight: 1, backup: false }, () => {});
          const gate = new ConnectionGate(to, { max, queue, queueTimeout: 100 });
          let inside = 0;
          // The model: who waits, in order.
          const line: { readonly who: GateWaiter; told: string[] }[] = [];
          const all: { told: string[] }[] = [];
          for (const each of steps) {
            if (each === 'enter') {
              if (gate.tryEnter()) {
                expect(inside).toBeLessThan(max);
                inside++;
                continue;
              }
              expect(inside).toBe(max);
              const told: string[] = [];
              const who = waiter(what => told.push(what));
              all.push({ told });
              const mayWait = line.length < queue;
              gate.wait(who);
              if (mayWait) line.push({ who, told });
              else expect(told).toEqual(['the queue is full']);
            } else if (each === 'leave' && inside > 0) {
              gate.leave();
              const next = line.shift();
              if (next === undefined) inside--;
              else expect(next.told).toEqual(['entered']);
            } else if (each === 'give up' && line.length > 0) {
              const gone = line.pop()!;
              gate.giveUp(gone.who);
              gone.told.push('gave up');
            } else if (each === 'clear') {
              gate.clear();
              for (const { told } of line.splice(0)) expect(told).toEqual(['sent away']);
            } else if (each === 'time') {
              vi.advanceTimersByTime(100);
              for (const { told } of line.splice(0)) expect(told).toEqual(['waited for connections.queueTimeout']);
            }
            expect([to.inFlight, gate.waiting]).toEqual([inside, line.length]);
          }
          gate.clear();
          for (const { told } of all) expect(told).toHaveLength(1);
          expect(vi.getTimerCount()).toBe(0);
        },
      ),
    );
  });

  it('can be as long as one likes when each that enters leaves at once', () => {
    const { gate, to } = full({ queue: 20_000 });
    let entered = 0;
    for (let number = 0; number < 20_000; number++) {
      gate.wait({
        entered: () => {
          entered++;
          gate.leave();
        },
        refused: () => {},
        sentAway: () => {},
      });
    }
    gate.leave();
    expect([entered, to.inFlight]).toEqual([20_000, 0]);
  });
});
