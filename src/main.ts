#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { keepCompiledCode } from './process/compile-cache.js';
import { nodeTrouble } from './packages/supported-node.js';
import { dieWithStarter } from './process/lifeline.js';
import { refuseDebugger } from './process/no-debugger.js';

refuseDebugger();
dieWithStarter();

const trouble = nodeTrouble(process.versions.node);

if (trouble !== undefined) {
  process.stderr.write(`${trouble}; in a checkout, "npm start" brings its own.\n`);
  process.exitCode = 2;
} else {
  // Objects of an exchange die with it. V8 only doubles the space for young objects, and only when many survive a collection.
  // In larger steps, up to the same limit, it is collected less often, which saves about 4 % of the CPU time of an exchange. A
  // request goes through many small functions; V8 stops inlining them into a caller at 920 bytes of bytecode, which a proxy
  // reaches early: a higher limit saves one to two percent. (docs/performance.md, "Runtime settings")
  setFlagsFromString('--semi-space-growth-factor=8');
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=2000');
  // Beside the code, since it is run like code: where others may write, as in the system's folder for temporary files, they could plant theirs.
  keepCompiledCode(fileURLToPath(new URL('compile-cache', import.meta.url)));
  // Loaded only now: the libraries do not even parse on older versions.
  const bundle = new URL('bundle/program.mjs', import.meta.url);
  // Extensions import the package: what they get must be the very classes that the program uses.
  const hasExtensions = process.argv.some(each => each === '--extension' || each.startsWith('--extension='));
  const program = existsSync(bundle) && !hasExtensions ? bundle.href : './cli/program.js';
  const { main } = (await import(program)) as typeof import('./cli/program.js');
  // A reader of our output may stop reading (`gatehouse schema | head`), which is no error. When standard error has no reader,
  // reporting the error would fail and cause another one, without end.
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});
  process.exitCode = await main(process.argv);
}
