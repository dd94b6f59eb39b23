const explanations: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there already; stop it or choose another address',
  EACCES: 'this user may not listen there; ports below 1024 need a privilege',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOENT: 'the folder of the socket does not exist',
  ENOTFOUND: 'that name has no address',
};

/** The gateway could not start; the message is one line that says what to do. */
export class StartError extends Error {
  /** A handler for a rejected promise: throws a StartError that begins with `what` and ends with the system's reason. */
  static rethrow(what: string): (error: NodeJS.ErrnoException) => never {
    return error => {
      const reason = explanations[error.code ?? ''] ?? error.message;
      throw new StartError(`${what}: ${reason}${error.code === undefined ? '' : ` (${error.code})`}`);
    };
  }
}
