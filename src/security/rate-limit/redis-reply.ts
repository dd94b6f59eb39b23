/** The largest backlog, in nanoseconds: a cell may be as far ahead as a block lasts, 73 years at most. */
const longest = 2 ** 62;

/**
 * Checks and returns the backlogs of the script's reply: for each cell a whole number of nanoseconds from its interval to its
 * tolerance plus one interval. `args`: interval and tolerance of each cell, as given to the script.
 * @throws Error for any other reply: such a server does not count, so no request may be let through because of its reply.
 */
export function backlogsOf(reply: unknown, args: readonly number[]): number[] {
  if (!Array.isArray(reply) || 2 * reply.length !== args.length) throw unlikeTheScript();
  return reply.map((backlog: unknown, index) => {
    const [interval = 0, tolerance = 0] = args.slice(2 * index);
    const most = interval === 0 ? longest : tolerance + interval;
    if (!Number.isInteger(backlog)) throw unlikeTheScript();
    if ((backlog as number) < interval || (backlog as number) > most) throw unlikeTheScript();
    return backlog as number;
  });
}

function unlikeTheScript(): Error {
  return new Error('an answer of another form than that of the script');
}
