/** `npm start`: builds what is missing or stale, then becomes the program. Arguments are passed on. */
import { ensureBuild } from './ensure-build.mjs';

// A listener of the signal replaces Node's reaction, which would open a debugger.
process.on('SIGUSR1', () => {});

try {
  await ensureBuild();
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
// The same process goes on, so that signals and the exit code need no forwarding.
await import('../bin/gatehouse.mjs');
