import { basename, relative } from 'node:path';

/**
 * How to start the program again from where it was started, without its arguments: the `gatehouse` command is not on the path of somebody who
 * has typed `npm start`. `script`: the file that Node was told to run.
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
