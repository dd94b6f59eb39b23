import type { Writable } from 'node:stream';
import { eventually } from './poll.js';

/** Waits until a number has stayed the same, above 0, for `quiet` milliseconds, and gives it. */
export async function settled(read: () => number, quiet = 300): Promise<number> {
  let level = read();
  let since = performance.now();
  return eventually(
    () => {
      const now = read();
      if (now !== level) since = performance.now();
      level = now;
      return now > 0 && performance.now() - since >= quiet ? now : false;
    },
    { what: 'back-pressure' },
  );
}

/** Writes `count` pieces, each when the one before has left, and waits until no more is taken; gives how many have left since. */
export async function pour(stream: Writable, piece: Buffer, count: number): Promise<() => number> {
  let taken = 0;
  const next = (): void => {
    stream.write(piece, error => {
      if (!error && ++taken < count) next();
    });
  };
  next();
  await settled(() => taken);
  return () => taken;
}
