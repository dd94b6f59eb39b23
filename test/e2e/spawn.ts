import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { requireBuild } from '../support/build.js';
import { Child, type ChildOptions } from '../support/child.js';
import { nodePath, withFreePorts } from '../support/program.js';
import { tempFolder } from '../support/temp.js';

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** Starts `gatehouse <args>` without waiting for anything. Killed when the test has finished. */
export function spawnProgram(args: readonly string[], options: ChildOptions = {}): Child {
  requireBuild();
  return new Child(nodePath, [main, ...args], options);
}

/** A configuration file of its own, with free ports where it names none; gives its path. */
export async function configFile(config: string | object, name = 'gateway.yaml'): Promise<string> {
  const file = join(await tempFolder(), name);
  await writeFile(file, withFreePorts(typeof config === 'string' ? config : stringify(config)));
  return file;
}
