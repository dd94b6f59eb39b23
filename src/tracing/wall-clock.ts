/** Milliseconds by which the clocks may differ before the wall clock is believed: it has whole milliseconds, and is read later. */
const tolerance = 5;

let offset = performance.timeOrigin;

/**
 * What is added to a time of `performance.now()` to have one of the wall clock, in milliseconds since 1970. `now`: what the first clock says. Spans of one
 * process keep their order to the microsecond by it; where the wall clock was set, it follows.
 */
export function wallClockAt(now: number): number {
  const drift = Date.now() - (now + offset);
  if (Math.abs(drift) > tolerance) offset += drift;
  return offset;
}
