/** A cell that is only looked at may be as far ahead as a block lasts: 73 years at most. */
const longest = 2 ** 62;

/**
 * The backlogs that the script gives: for each cell a whole number of nanoseconds from its interval to its tolerance and one interval more.
 * `args`: interval and tolerance of each cell, as the script got them.
 * @throws Error for anything else: what answers so does not count, and nobody may be let through for it.
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
