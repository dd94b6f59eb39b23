import { expect, it } from 'vitest';
import { fieldChanges } from './field-changes.js';

const none = { has: () => false };

it('shows what is gone, what is new, and another value beside the old one', () => {
  const before = ['Host', 'a.example', 'X-Old', '1', 'X-Tier', 'lead', 'Accept', '*/*'];
  const after = ['host', 'a.example', 'accept', '*/*', 'X-Tier', 'gold', 'Via', '1.1 gatehouse'];
  expect(fieldChanges(before, after, none)).toEqual([
    '- x-old: 1',
    '- x-tier: lead',
    '+ x-tier: gold',
    '+ via: 1.1 gatehouse',
  ]);
});

it('counts fields that come several times', () => {
  expect(fieldChanges(['X', '1', 'X', '1'], ['X', '1'], none)).toEqual(['- x: 1']);
  expect(fieldChanges(['X', '1'], ['X', '1', 'X', '1'], none)).toEqual(['+ x: 1']);
});

it('shows no value of a credential, nor a secret in a URL', () => {
  const credentials = { has: (name: string) => name.toLowerCase() === 'cookie' };
  expect(fieldChanges(['Cookie', 'a=hidden'], ['Referer', 'https://u:hidden@a/?token=hidden'], credentials)).toEqual([
    '- cookie: ****',
    '+ referer: https://u:****@a/?token=****',
  ]);
});
