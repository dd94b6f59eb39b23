import { expect, it } from 'vitest';
import { forwardingFamilies, forwardingFields, isForwardingName, writtenFields } from './forwarding-fields.js';
import { foldName } from './fold-name.js';

it('what the configuration lists as forwarding fields is what proxies tell of clients by', () => {
  for (const name of forwardingFields) expect([name, isForwardingName(foldName(name))]).toEqual([name, true]);
  for (const family of forwardingFamilies) expect(isForwardingName(foldName(`${family}Anything`))).toBe(true);
  expect(isForwardingName('x-tenant')).toBe(false);
});

it('each field that the gateway writes itself is on the list or of a family', () => {
  const listed = new Set(forwardingFields.map(foldName));
  const isOfFamily = (name: string): boolean => forwardingFamilies.some(family => name.startsWith(foldName(family)));
  expect([...writtenFields].filter(name => !listed.has(name) && !isOfFamily(name))).toEqual([]);
});
