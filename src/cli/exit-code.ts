/** Exit codes of the program; `gatehouse --help` lists them. */
export const exitCode = {
  /** Ended as asked; `check`: the file is valid. */
  ok: 0,
  /** The configuration is not valid, or its file cannot be read. */
  invalidConfig: 1,
  /** The command line is not understood. */
  usage: 2,
  /** It could not start: an address in use. */
  cannotStart: 3,
  /** Commands for a running gateway: none answers, or it does not take the request. */
  unreachable: 4,
  /** A failure of the program itself. */
  internal: 70,
} as const;
