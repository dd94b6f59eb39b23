import { expect, it } from 'vitest';
import type { ListenerInfo } from '../client/listener-info.js';
import { LongLived } from './long-lived.js';

it('tells everything that is open when the gateway shuts down, also where that ends at once', () => {
  const longLived = new LongLived();
  const told: string[] = [];
  for (const name of ['a', 'b']) {
    const each = {
      drain: (): void => {
        told.push(name);
        longLived.open.delete(each);
      },
    };
    longLived.open.add(each);
  }
  longLived.drain();
  longLived.drain();
  expect([told, longLived.open.size]).toEqual([['a', 'b'], 0]);
});

it('tells of the listener that shuts down, when it is one alone', () => {
  const longLived = new LongLived();
  const told: (ListenerInfo | undefined)[] = [];
  longLived.open.add({ drain: listener => void told.push(listener) });
  const listener = { name: 'web', scheme: 'http', port: 80, unix: false, draining: true } as const;
  longLived.drain(listener);
  longLived.drain();
  expect(told).toEqual([listener, undefined]);
});
