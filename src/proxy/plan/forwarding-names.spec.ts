import { expect, it } from 'vitest';
import { forwardingFamilies, forwardingFields } from '../../config/language/kinds/forwarding-name.js';
import { forwardingNames, isForwardingName } from '../../http/forwarding-fields.js';

it('the forwarding fields that the configuration knows are those that are taken out of requests', () => {
  const names = forwardingFields.map(name => name.toLowerCase());
  const ofFamilies = [...forwardingNames].filter(name => !names.includes(name));
  expect(names.filter(name => !isForwardingName(name))).toEqual([]);
  expect(ofFamilies.filter(name => !forwardingFamilies.some(each => name.startsWith(each.toLowerCase())))).toEqual([]);
  expect(forwardingFamilies.every(family => isForwardingName(`${family.toLowerCase()}anything`))).toBe(true);
});
