import { expect, it } from 'vitest';
import { Places } from './places.js';

it('places are taken until there are none, and again when one was left', () => {
  const places = new Places(2);
  expect([places.tryEnter(), places.tryEnter(), places.tryEnter(), places.open]).toEqual([true, true, false, 2]);
  places.leave();
  expect([places.tryEnter(), places.tryEnter()]).toEqual([true, false]);
});

it('what cannot be refused any more takes a place also where there is none, and keeps others out', () => {
  const places = new Places(1);
  places.enter();
  places.enter();
  places.leave();
  expect([places.open, places.tryEnter()]).toEqual([1, false]);
});
