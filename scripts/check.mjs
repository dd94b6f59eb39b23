/**
 * `npm run check`: every static check, as many at once as there are cores. All of them run, so that one look shows everything; fails when one
 * failed.
 */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

// The longest first, so that none is left over for one core at the end.
const waiting = ['typecheck', 'lint', 'generated', 'format:check', 'floors', 'api', 'specs'];
const failed = [];

/** Runs a script of package.json, and prints what it said when it has ended: that of two at once would mix. */
async function check(script) {
  const child = spawn('npm', ['run', '--silent', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => said.push(chunk));
  const code = await new Promise(resolve => {
    child.on('error', () => resolve(1));
    child.on('close', resolve);
  });
  if (code !== 0) failed.push(script);
  process.stdout.write(Buffer.concat([Buffer.from(`\n— ${script}\n`), ...said]));
}

async function next() {
  for (let script = waiting.shift(); script !== undefined; script = waiting.shift()) await check(script);
}

await Promise.all(Array.from({ length: availableParallelism() }, next));
process.stdout.write(failed.length === 0 ? '\nAll checks passed.\n' : `\nFailed: ${failed.join(', ')}.\n`);
process.exitCode = failed.length === 0 ? 0 : 1;
