#!/usr/bin/env node
/**
 * The `gatehouse` command. Runs the program in this process when this Node is new enough; otherwise, where the npm package `node` is installed (in a checkout
 * it is), in a child process on the binary of that, with signals and the exit code passed through. The two end together.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// A listener of the signal replaces Node's reaction, which would open a debugger.
process.on('SIGUSR1', () => {});

const [major, minor] = process.versions.node.split('.').map(Number);

if (major > 24 || (major === 24 && minor >= 9)) {
  await import('../dist/main.js');
} else {
  const bundled = bundledNode();
  if (bundled === undefined) {
    process.stderr.write(
      `Gatehouse needs Node.js 24.9 or newer, and this is ${process.versions.node}: install a newer one, or, for this command alone, ` +
        'run "npx --package node@26 --package gatehouse gatehouse".\n',
    );
    process.exitCode = 1;
  } else {
    runOn(bundled);
  }
}

/** Path of the binary in the npm package `node`, wherever npm put it; undefined when its install script did not run. */
function bundledNode() {
  try {
    const folder = dirname(createRequire(import.meta.url).resolve('node/package.json'));
    return [join(folder, 'bin', 'node'), join(folder, 'bin', 'node.exe')].find(path => existsSync(path));
  } catch {
    return undefined;
  }
}

function runOn(node) {
  const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
  const child = spawn(node, [...process.execArgv, main, ...process.argv.slice(2)], {
    // The child holds one end of a pipe, and goes when the other one is closed: also when this process is killed.
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    env: { ...process.env, GATEHOUSE_LIFELINE: '3' },
  });
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGINT', 'SIGQUIT']) {
    process.on(signal, () => {
      // At a terminal, Ctrl-C and Ctrl-\ reach the child as well: passed on, they would look like a second, impatient one.
      if ((signal === 'SIGINT' || signal === 'SIGQUIT') && process.stdin.isTTY) return;
      child.kill(signal);
    });
  }
  child.on('error', error => {
    process.stderr.write(`Cannot start ${node}: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (signal ? constants.signals[signal] : 0)));
}
