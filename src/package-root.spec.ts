import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageRoot } from './package-root.js';

it('the folder of the package is found from its code, with what lies in it', () => {
  const file = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { name: string };
  expect([file.name, existsSync(join(packageRoot, 'config'))]).toEqual(['gatehouse', true]);
});
