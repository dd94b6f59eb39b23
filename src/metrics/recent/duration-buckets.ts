/** The shortest duration that is told apart from shorter ones: 1/8 ms. */
const lowest = 0.125;
/** Four buckets for each doubling of the duration, up to 65 s; the last is for what lasts longer. */
const octaves = 19;

/** How many buckets there are. */
export const bucketCount = octaves * 4 + 1;

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);
// A float of 32 bits has 23 of the fraction: what stands above bit 21 is the exponent and the first two bits of the fraction.
const shift = 21;
const first = bitsOf(lowest);

/** The bucket of a duration in milliseconds. No logarithm is worked out: the bits of the number are those of its logarithm. */
export function bucketOf(milliseconds: number): number {
  float[0] = milliseconds;
  const bucket = (bits[0]! >>> shift) - first;
  return bucket < 0 ? 0 : bucket < bucketCount ? bucket : bucketCount - 1;
}

/**
 * The durations in milliseconds below which these parts (0..1, ascending) of the counted durations lie, worked out between the bounds of their buckets:
 * off by at most a fifth. `counts`: of each bucket, from `at` on. Undefined: nothing was counted.
 */
export function quantilesOf(counts: Uint32Array, at: number, parts: readonly number[]): number[] | undefined {
  let total = 0;
  for (let bucket = 0; bucket < bucketCount; bucket++) total += counts[at + bucket]!;
  if (total === 0) return undefined;
  const quantiles: number[] = [];
  let below = 0;
  for (let bucket = 0; bucket < bucketCount; bucket++) {
    const count = counts[at + bucket]!;
    if (count === 0) continue;
    for (let part = parts[quantiles.length]; part !== undefined; part = parts[quantiles.length]) {
      const rest = part * total - below;
      if (rest > count) break;
      const from = bucket === 0 ? 0 : boundOf(bucket);
      quantiles.push(from + (boundOf(bucket + 1) - from) * (rest / count));
    }
    below += count;
  }
  return quantiles;
}

function bitsOf(milliseconds: number): number {
  float[0] = milliseconds;
  return bits[0]! >>> shift;
}

/** The lower bound of a bucket. */
function boundOf(bucket: number): number {
  bits[0] = (first + bucket) << shift;
  return float[0]!;
}
