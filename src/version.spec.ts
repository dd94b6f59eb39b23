import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { version } from './version.js';

it('the version that the gateway tells is that of its package', () => {
  const file = createRequire(import.meta.url)('../package.json') as { version: string };
  expect(version).toBe(file.version);
});
