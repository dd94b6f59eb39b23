/** Gives one its turn; what it has cost, in pieces. */
type Turn = () => number;

/** When those whose turn has come have cost so many pieces, the others wait for the next turn of the event loop. */
const enough = 512;

const queue: Turn[] = [];
let isScheduled = false;

/** Calls all that ask for a turn behind the events of this turn of the event loop, in their order; the dear ones one in each turn. */
export function takeTurns(turn: Turn): void {
  queue.push(turn);
  if (isScheduled) return;
  isScheduled = true;
  setImmediate(go);
}

function go(): void {
  let cost = 0;
  let done = 0;
  while (done < queue.length && cost < enough) cost += queue[done++]!();
  queue.splice(0, done);
  isScheduled = queue.length > 0;
  if (isScheduled) setImmediate(go);
}
