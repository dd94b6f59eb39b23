import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const explanations: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there already; stop it or choose another address',
  EACCES: 'this user may not listen there; ports below 1024 need a privilege',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'that name has no address',
};

/** The gateway could not start; the message is one line with the remedy. */
export class StartError extends Error {
  constructor(
    message: string,
    /** The system's code for the reason (`EADDRINUSE`); empty where it is none of the system. */
    readonly code: string = '',
  ) {
    super(message);
  }

  /**
   * A handler for a rejected promise: throws a StartError that begins with `what` and ends with the system's reason. `unix`:
   * the path of the socket to listen on.
   */
  static rethrow(what: string, unix?: string): (error: NodeJS.ErrnoException) => never {
    return error => {
      const { code = '', message } = error;
      const reason = (unix === undefined ? undefined : socketTrouble(code, unix)) ?? explanations[code] ?? message;
      throw new StartError(`${what}: ${reason}${code === '' ? '' : ` (${code})`}`, code);
    };
  }
}

/** Why a unix socket cannot be made: the system has one code for several reasons. */
function socketTrouble(code: string, path: string): string | undefined {
  const folder = dirname(path);
  if (code === 'EADDRINUSE') {
    const there = statSync(path, { throwIfNoEntry: false });
    if (there === undefined || there.isSocket()) return undefined;
    return `${there.isDirectory() ? 'a folder' : 'a file that is no socket'} stands there; remove it or choose another path`;
  }
  if (code !== 'EACCES' && code !== 'ENOENT') return undefined;
  return existsSync(folder) ? `this user may not write into ${folder}` : `the folder ${folder} does not exist`;
}
