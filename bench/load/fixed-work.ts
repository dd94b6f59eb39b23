/** Computes for about a tenth of a second and prints the milliseconds that it took. */
const steps = 2_000_000;
const [unmeasured, measured] = [5, 25];

/** Numbers by xorshift: integers in registers, no memory, nothing to collect. */
function compute(seed: number): number {
  let value = seed;
  for (let step = 0; step < steps; step++) {
    value ^= value << 13;
    value ^= value >>> 17;
    value ^= value << 5;
  }
  return value;
}

let value = 1;
for (let turn = 0; turn < unmeasured; turn++) value = compute(value);
const started = performance.now();
for (let turn = 0; turn < measured; turn++) value = compute(value);
const took = performance.now() - started;
// The result is used, so that no compiler leaves the work out.
if (value === 0) throw new Error('xorshift never gives 0');
process.stdout.write(took.toFixed(3));
