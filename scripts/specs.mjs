/** `npm run specs`: fails when a file with behaviour of src/proxy/ and src/listeners/http1/, or of the files right in src/ and src/listeners/, has no spec beside it. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import ts from 'typescript';

/** Files that need no spec, each with the reason. */
const exceptions = new Map([
  ['src/main.ts', 'ends the process that loads it: test/e2e/cli.test.ts runs it'],
  ['src/worker.ts', 'runs in a thread of its own: test/e2e/workers.test.ts starts the program with some'],
  ['src/listeners/listeners.module.ts', 'only lists its providers'],
]);

const options = { target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext, removeComments: true };

/** True unless the compiled file holds nothing but imports, exports of others and empty classes: types have no behaviour. */
function hasBehaviour(file) {
  const { outputText } = ts.transpileModule(readFileSync(file, 'utf8'), { compilerOptions: options });
  const rest = outputText
    .replace(/^(?:import|export) .*from .*;$/gm, '')
    .replace(/^import '[^']*';$/gm, '')
    .replace(/^export \{\};$/gm, '')
    .replace(/^export class \w+ \{\s*\}$/gm, '');
  return rest.trim() !== '';
}

const files = globSync(['src/proxy/**/*.ts', 'src/*.ts', 'src/listeners/*.ts', 'src/listeners/http1/*.ts']).filter(
  file => !file.endsWith('.spec.ts'),
);
const hasSpec = file => existsSync(file.replace(/\.ts$/, '.spec.ts'));
const missing = files.filter(file => !exceptions.has(file) && !hasSpec(file) && hasBehaviour(file)).toSorted();
const needless = [...exceptions.keys()].filter(file => !existsSync(file) || hasSpec(file) || !hasBehaviour(file));

for (const file of missing) {
  process.stderr.write(`${file} has behaviour and no spec beside it: add ${file.replace(/\.ts$/, '.spec.ts')}\n`);
}
for (const file of needless)
  process.stderr.write(`${file} is among the exceptions of scripts/specs.mjs, and need not be\n`);
if (missing.length + needless.length === 0) process.stdout.write('every file that is to have a spec has one\n');
process.exitCode = missing.length + needless.length === 0 ? 0 : 1;
