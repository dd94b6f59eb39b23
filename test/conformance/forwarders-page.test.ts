import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { gapsOf } from './forwarder/known-gaps.js';

const page = readFileSync(new URL('../../docs/forwarders.md', import.meta.url), 'utf8');
const listed = page.slice(page.indexOf('## Known gaps'), page.indexOf('## Limits of the libraries'));

it('lists the known gaps of each forwarder in the docs, and no others', () => {
  const lists = ['default', 'http-proxy-middleware'].map(forwarder => {
    const gaps = [...gapsOf(forwarder)].map(([rule, reason]) => `- _${rule}_: ${reason}`);
    return gaps.length === 0 ? `\`${forwarder}\`: none.\n` : `\`${forwarder}\`:\n\n${gaps.join('\n')}\n`;
  });
  expect(listed.slice(listed.indexOf('`default`'))).toBe(`${lists.join('\n')}\n`);
});
