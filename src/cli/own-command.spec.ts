import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ownCommand } from './own-command.js';

describe('the command that starts the program again', () => {
  it.each([
    [{ npm_lifecycle_event: 'start', npm_command: 'run-script' }, '/app/scripts/start.mjs', 'npm start --'],
    [{ npm_lifecycle_event: 'demo' }, '/app/scripts/start.mjs', 'npm start --'],
    [{ npm_lifecycle_event: 'npx', npm_command: 'exec' }, '/app/node_modules/.bin/gatehouse', 'npx gatehouse'],
    [{}, '/usr/local/bin/gatehouse', 'gatehouse'],
    [{}, join(process.cwd(), 'dist/main.js'), 'node dist/main.js'],
  ])('with %j, run as %s, is %s', (env, script, command) => {
    expect(ownCommand(env, script)).toBe(command);
  });
});
