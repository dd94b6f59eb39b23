import type { Listener } from '../listeners/listener.js';

/** Milliseconds for which connections without a request stay open, because a request may be on its way: usually, and where a successor takes the new ones, so that the end may take its time. */
const quietFor = { usually: 300, followed: 2_000 };

/** Milliseconds within which exchanges that were cut have closed their connections, and stand in the log. */
const closedWithin = 1_000;

/** The exchanges of listeners. */
interface OpenExchanges {
  /** Exchanges in flight. */
  readonly open: number;
}

/**
 * The graceful end of the listeners: no new connections, every answer has `Connection: close`, and exchanges in flight may end
 * within `grace` milliseconds. Exchanges that are left then are cut. Resolves with the number of exchanges that were cut. `isFollowed`: a successor listens.
 */
export async function drain(
  listeners: readonly Listener[],
  exchanges: OpenExchanges,
  grace: number,
  isFollowed = false,
): Promise<number> {
  for (const listener of listeners) listener.drain();
  // What they accept until then is served as well.
  if (isFollowed) await Promise.all(listeners.flatMap(({ acceptor }) => acceptor?.closed ?? []));
  await quiet(listeners, exchanges, grace, isFollowed ? quietFor.followed : quietFor.usually);
  const cut = exchanges.open;
  for (const listener of listeners) listener.cut('The gateway is shutting down.');
  await until(() => exchanges.open === 0, closedWithin);
  return cut;
}

function quiet(
  listeners: readonly Listener[],
  exchanges: OpenExchanges,
  grace: number,
  patience: number,
): Promise<void> {
  let quietSince = performance.now();
  return until(() => {
    const now = performance.now();
    // A tunnel whose client has gone still says goodbye to its backend.
    if (exchanges.open > 0) quietSince = now;
    const connected = listeners.some(listener => listener.connections > 0);
    return exchanges.open === 0 && (!connected || now - quietSince >= patience);
  }, grace);
}

/** Resolves when something has come true, or after `most` milliseconds. */
function until(isTrue: () => boolean, most: number): Promise<void> {
  const deadline = performance.now() + most;
  if (isTrue()) return Promise.resolve();
  return new Promise(resolve => {
    const timer = setInterval(() => {
      if (performance.now() < deadline && !isTrue()) return;
      clearInterval(timer);
      resolve();
    }, 20);
  });
}
