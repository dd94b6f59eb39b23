import { expect, it } from 'vitest';
import type { Exchange } from './exchange.js';
import { OpenExchanges } from './open-exchanges.js';

const exchange = (): Exchange => ({ slot: -1 }) as Exchange;

it('the open exchanges of a connection are those that were added and not removed, however they come and go', () => {
  const open = new OpenExchanges();
  const [first, second, third, never] = [exchange(), exchange(), exchange(), exchange()];
  for (const each of [first, second, third]) open.add(each);
  open.remove(first);
  open.remove(never);
  expect(new Set(open.all)).toEqual(new Set([second, third]));
  open.remove(first);
  open.add(first);
  open.remove(third);
  open.remove(second);
  expect(open.all).toEqual([first]);
  open.remove(first);
  expect(open.all).toEqual([]);
});
