import { expect, it } from 'vitest';
import { slowerThan } from './access-log.js';

it('a condition says from which time on an exchange is slow, or says nothing of the time', () => {
  expect(['slower:1s', 'slower:250ms', 'retried', '5xx', 'slower:x'].map(slowerThan)).toEqual([
    1000,
    250,
    undefined,
    undefined,
    undefined,
  ]);
});
