import { describe, expect, it } from 'vitest';
import { backendAt } from '../../test/support/forwarding.js';
import type { UnderWay } from './lasting/under-way.js';
import { QueuedAttempt, type Queued } from './queued-attempt.js';
import { ConnectionGate } from './target/connection-gate.js';

/** One that waits before a gate which another has filled. */
function waiting(isSending = false) {
  const backend = backendAt('http://a.test');
  const gate = new ConnectionGate(backend, { max: 1, queue: 1, queueTimeout: 10_000 });
  gate.tryEnter();
  const told: unknown[] = [];
  const waits: number[] = [];
  const exchange: { underWay: UnderWay | undefined } = { underWay: undefined };
  const delivery: Queued = {
    exchange,
    route: { target: { gate: () => gate, waited: time => waits.push(time) } },
    nextOn: (at, sends) => told.push(['next on', at.id, sends, exchange.underWay]),
    turnedAway: (at, error) => told.push(['turned away', at.id, error.code, error.reason, exchange.underWay]),
    next: () => told.push(['next', exchange.underWay]),
  };
  const queued = (exchange.underWay = new QueuedAttempt(delivery, backend, isSending));
  gate.wait(queued);
  return { backend, delivery, gate, queued, told, waits };
}

describe('an attempt that waits before a gate', () => {
  it('goes on at its backend with the place that has come free, as one whose client is still sending or not', () => {
    for (const isSending of [false, true]) {
      const { backend, gate, told } = waiting(isSending);
      gate.leave();
      expect(told).toEqual([['next on', backend.id, isSending, undefined]]);
    }
  });

  it('is turned away with the reason', () => {
    const { backend, delivery, gate, told } = waiting();
    gate.wait(new QueuedAttempt(delivery, backend, false));
    expect(told).toEqual([['turned away', backend.id, 'QUEUE_FULL', 'the queue is full', undefined]]);
    gate.clear();
  });

  it('picks anew when its backend is taken out', () => {
    const { gate, told } = waiting();
    gate.clear();
    expect(told).toEqual([['next', undefined]]);
  });

  it('leaves the queue when it is given up, and is told nothing any more', () => {
    const { gate, queued, told } = waiting();
    queued.giveUp();
    gate.leave();
    expect([gate.waiting, told]).toEqual([0, []]);
  });

  it('tells once how long it has waited, however that ends', () => {
    const ends: ((scene: ReturnType<typeof waiting>) => void)[] = [
      ({ gate }) => gate.leave(),
      ({ gate }) => gate.clear(),
      ({ queued }) => queued.giveUp(),
    ];
    for (const end of ends) {
      const scene = waiting();
      expect(scene.waits).toEqual([]);
      end(scene);
      expect(scene.waits).toEqual([expect.closeTo(0, -3)]);
    }
  });
});
