/** `npm run check`: every static check. All of them run, so that one look shows everything; fails when one failed. */
import { spawnSync } from 'node:child_process';

const failed = ['typecheck', 'lint', 'format:check', 'floors', 'specs', 'generated'].filter(script => {
  process.stdout.write(`\n— ${script}\n`);
  return spawnSync('npm', ['run', '--silent', script], { stdio: 'inherit' }).status !== 0;
});

process.stdout.write(failed.length === 0 ? '\nAll checks passed.\n' : `\nFailed: ${failed.join(', ')}.\n`);
process.exitCode = failed.length === 0 ? 0 : 1;
