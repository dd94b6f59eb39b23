import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, expect, it } from 'vitest';
import { Leases, type Ending } from './leases.js';

/** What has happened, in order. */
let events: string[];
/** Ends what is under way of a retired value. */
let finish: Map<string, () => void>;
beforeEach(() => {
  events = [];
  finish = new Map();
});

class Kept implements Ending {
  constructor(private readonly name: string) {
    events.push(`make ${name}`);
  }

  end(): void {
    events.push(`end ${this.name}`);
  }

  retire(): Promise<void> {
    events.push(`retire ${this.name}`);
    return new Promise(resolve => finish.set(this.name, resolve));
  }
}

const leasesOf = () => {
  const leases = new Leases<string, Kept>();
  const take = (holder: object, ...keys: string[]): Kept[] =>
    keys.map(key => leases.take(key, holder, () => new Kept(key)));
  return { leases, take };
};
const [first, next] = [{}, {}];

it('a value is made once, and stays as long as one of its holders is there', () => {
  const { leases, take } = leasesOf();
  const [a] = take(first, 'a', 'a', 'b');
  expect(take(next, 'a', 'c')[0]).toBe(a);
  leases.retire(first);
  expect(events).toEqual(['make a', 'make b', 'make c', 'retire b']);
  expect([...leases]).toHaveLength(2);
  leases.retire(next);
  expect(events.slice(4)).toEqual(['retire a', 'retire c']);
});

it('a holder that has never been in force takes only its own values with it, and at once', () => {
  const { leases, take } = leasesOf();
  take(first, 'a');
  take(next, 'a', 'b');
  leases.discard(next);
  expect(events).toEqual(['make a', 'make b', 'end b']);
});

it('a key that comes back after its value has gone gets another value', () => {
  const { leases, take } = leasesOf();
  const [a] = take(first, 'a');
  leases.retire(first);
  expect(take(first, 'a')[0]).not.toBe(a);
});

it('the end ends all: what is held, and what is retired and has something under way, but not what has finished', async () => {
  const { leases, take } = leasesOf();
  take(first, 'a', 'b');
  take(next, 'c');
  leases.retire(first);
  finish.get('a')!();
  await turn();
  await leases.end();
  expect(events.slice(5).toSorted()).toEqual(['end b', 'end c']);
});
