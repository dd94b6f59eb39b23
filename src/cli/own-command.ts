import { basename, relative } from 'node:path';

/**
 * The command, without arguments, with which the user started this program, for messages that tell the user to run it again:
 * after `npm start`, the command `gatehouse` is not on the user's path. `script`: the file that Node runs.
 */
export function ownCommand(
  env: Readonly<Record<string, string | undefined>> = process.env,
  script: string = process.argv[1] ?? '',
): string {
  const { npm_lifecycle_event: event, npm_command: command } = env;
  if (event === 'start' || event === 'demo') return 'npm start --';
  if (command === 'exec') return 'npx gatehouse';
  return basename(script) === 'main.js' ? `node ${relative(process.cwd(), script)}` : 'gatehouse';
}
