import fc from 'fast-check';

/** Mutated messages that a test of the ordinary suite reads, and those that `npm run fuzz` does, unless FUZZ_MUTATIONS says how many. */
const ordinary = 100_000;

/** Mutations of one well-formed message, before the next is made. */
const perMessage = 50;

const { FUZZ_MUTATIONS, FUZZ_SEED } = process.env;

/** What a long run may take, in milliseconds. */
export const fuzzTimeout = FUZZ_MUTATIONS === undefined ? 120_000 : 24 * 3_600_000;

/**
 * Makes well-formed messages, and has `check` read mutations of each, told by their seeds. `share`: of the mutations of a run, those that this check
 * takes. A failure prints the seed of the run, and the smallest message and seed that fail. FUZZ_SEED repeats a run.
 */
export async function fuzz(
  messages: fc.Arbitrary<string>,
  share: number,
  check: (message: string, seed: number) => Promise<void> | void,
): Promise<void> {
  const mutations = Math.ceil(share * Number(FUZZ_MUTATIONS ?? ordinary));
  const seed = Number(FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
  if (FUZZ_MUTATIONS !== undefined) process.stdout.write(`${mutations} mutations, FUZZ_SEED=${seed}\n`);
  const seeds = fc.array(fc.integer(), { minLength: perMessage, maxLength: perMessage, size: 'max' });
  await fc.assert(
    fc.asyncProperty(messages, seeds, async (message, all) => {
      for (const each of all) {
        const checked = check(message, each);
        if (checked !== undefined) await checked;
      }
      // Lets the test runner hear of the test.
      await new Promise(resolve => setImmediate(resolve));
    }),
    { numRuns: Math.ceil(mutations / perMessage), seed },
  );
}
