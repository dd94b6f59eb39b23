import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The folder of this package, which holds its `package.json` and `config/`: found from any folder below it, because the code
 * may be built to several depths.
 */
export const packageRoot: string = rootOf(import.meta.dirname);

function rootOf(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const parent = dirname(folder);
  if (parent === folder)
    throw new Error('Gatehouse does not find its package.json above the folder that it runs from.');
  return rootOf(parent);
}
