import { describe, expect, it } from 'vitest';
import { LiveBackend } from '../../upstream/live-backend.js';
import { ConnectionGate, type GateWaiter } from './connection-gate.js';

function gateOf(max: number, queue = 10) {
  const backend = new LiveBackend({ id: 'a', url: 'http://a:80', weight: 1, backup: false }, () => {});
  const gate = new ConnectionGate(backend, { max, queue, queueTimeout: 60_000 });
  const heard: string[] = [];
  const wait = (name: string, isSending: boolean): GateWaiter => {
    const waiter: GateWaiter = {
      isSending,
      entered: () => heard.push(name),
      refused: reason => heard.push(`${name}: ${reason}`),
      sentAway: () => {},
    };
    gate.wait(waiter);
    return waiter;
  };
  return { backend, gate, heard, wait };
}

describe('clients that are still sending', () => {
  it('get half of the places, so that others always find one', () => {
    const { gate } = gateOf(4);
    expect([1, 2, 3].map(() => gate.tryEnter(true))).toEqual([true, true, false]);
    expect([gate.sending, gate.hasRoom, gate.hasRoomFor(true)]).toEqual([2, true, false]);
    expect([gate.tryEnter(), gate.tryEnter(), gate.tryEnter()]).toEqual([true, true, false]);
  });

  it('get the only place of a backend', () => {
    expect(gateOf(1).gate.tryEnter(true)).toBe(true);
  });

  it('let others pass that came later, and get their places when one of them has sent all', () => {
    const { backend, gate, heard, wait } = gateOf(2);
    gate.tryEnter(true);
    gate.tryEnter();
    wait('sender', true);
    wait('other', false);
    gate.leave();
    expect(heard).toEqual(['other']);
    gate.leave();
    expect([heard, gate.isShortOfSending]).toEqual([['other'], true]);
    gate.sent();
    expect([heard, gate.isShortOfSending]).toEqual([['other', 'sender'], false]);
    expect([backend.inFlight, gate.sending]).toEqual([2, 1]);
    gate.leave(true);
    gate.leave();
    expect([backend.inFlight, gate.sending, gate.waiting]).toEqual([0, 0, 0]);
  });

  it('are served in their turn where there is room for both', () => {
    const { gate, heard, wait } = gateOf(2);
    gate.tryEnter();
    gate.tryEnter();
    wait('first', true);
    wait('second', false);
    gate.leave();
    gate.leave();
    expect(heard).toEqual(['first', 'second']);
  });

  it('get half of the queue', () => {
    const { gate, heard, wait } = gateOf(1, 4);
    gate.tryEnter();
    for (const name of ['a', 'b', 'c']) wait(name, true);
    for (const name of ['d', 'e', 'f']) wait(name, false);
    expect(heard).toEqual(['c: the queue is full', 'f: the queue is full']);
    gate.clear();
  });
});
