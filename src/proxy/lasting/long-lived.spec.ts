import { expect, it } from 'vitest';
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
