/** How the requests of a load are spread: one after each equal span, or as if by independent clients. */
export type Spacing = 'even' | 'poisson';

/** Finds a way to spread requests. Throws an error that lists the known ones. */
export function spacingNamed(name: string): Spacing {
  if (name !== 'even' && name !== 'poisson') throw new Error(`unknown spacing "${name}": even or poisson`);
  return name;
}

/**
 * Plans when requests are due, in milliseconds from the start, in order.
 *
 * @param rate - requests a second
 * @param chance - a source of numbers in [0, 1)
 */
export function planArrivals(
  rate: number,
  seconds: number,
  spacing: Spacing,
  chance: () => number = Math.random,
): Float64Array<SharedArrayBuffer> {
  const gap = 1000 / rate;
  const end = seconds * 1000;
  const due: number[] = [];
  const next = spacing === 'even' ? () => gap : () => -Math.log(1 - chance()) * gap;
  for (let time = next(); time < end; time += next()) due.push(time);
  // Shared, since a thread of its own keeps the time.
  const plan = new Float64Array(new SharedArrayBuffer(due.length * Float64Array.BYTES_PER_ELEMENT));
  plan.set(due);
  return plan;
}
