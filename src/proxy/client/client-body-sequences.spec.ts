import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, FakeMessage, Reading } from '../../../test/support/fake-message.js';
import { patternOf as pattern } from '../../../test/support/pattern.js';
import { ClientBody } from './client-body.js';
import { RequestBody } from './request-body.js';

const total = (sizes: readonly number[]): number => sizes.reduce((sum, size) => sum + size, 0);

/** Lets everything happen that needs no more from outside. */
async function settle(): Promise<void> {
  for (let count = 0; count < 8; count++) await turn();
}

describe('with chunks of any size, and attempts that begin and end at any time', () => {
  type Step =
    | { readonly kind: 'arrive'; readonly count: number }
    | { readonly kind: 'open' | 'pull' | 'flow' | 'pause' | 'leave' | 'turn' };

  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('arrive' as const), count: fc.integer({ min: 1, max: 4 }) }),
    },
    { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('open', 'pull', 'flow', 'pause', 'leave') }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('turn' as const) }) },
  );
  const scene = {
    sizes: fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 40_000 })), { maxLength: 14 }),
    hold: fc.oneof(fc.constantFrom(0, 1, 64 * 1024, 1024 * 1024), fc.integer({ min: 0, max: 300_000 })),
    withHead: fc.integer({ min: 0, max: 4 }),
    declared: fc.boolean(),
    steps: fc.array(step, { maxLength: 40 }),
  };

  interface Scene {
    readonly sizes: readonly number[];
    readonly hold: number;
    readonly withHead: number;
    readonly declared: boolean;
    readonly steps: readonly Step[];
  }

  /** Plays a scene; every attempt must get the body from its first byte on, the last one all of it. */
  async function play({ sizes, hold: kept, withHead, declared, steps }: Scene): Promise<void> {
    const whole = pattern(total(sizes));
    const coming = cut(whole, sizes);
    const source = new FakeMessage();
    const arrive = (count: number): void => {
      for (const chunk of coming.splice(0, count)) source.arrive(chunk);
      if (coming.length === 0 && !source.complete) source.finish();
    };
    const body = new ClientBody(source.asMessage(), declared ? String(whole.length) : undefined, 0, kept);
    if (withHead > 0) arrive(withHead);
    if (body.isSmall && whole.length > 0) body.takeWhole();
    const isWhole = body.bytes === whole.length && whole.length > 0;

    let reading: Reading | undefined;
    let begun = false;
    const check = (one: Reading): void => {
      expect(one.error).toBeUndefined();
      expect(one.bytes.equals(whole.subarray(0, one.length))).toBe(true);
      if (one.ended) expect(one.length).toBe(whole.length);
    };
    const begin = (): void => {
      const canBe = (isWhole && !begun) || body.bytes <= kept || body.replayable;
      begun = true;
      const opened = body.open();
      body.begin();
      expect(opened !== undefined).toBe(canBe);
      if (opened === undefined) expect(body.bytes).toBeGreaterThan(kept);
      if (Buffer.isBuffer(opened)) expect(opened.equals(whole)).toBe(true);
      if (reading !== undefined) check(reading);
      if (opened === undefined) reading?.stream.destroy();
      reading = opened instanceof RequestBody ? new Reading(opened) : undefined;
    };
    for (const { kind, ...rest } of steps) {
      if (kind === 'arrive') arrive('count' in rest ? rest.count : 0);
      else if (kind === 'open') begin();
      else if (kind === 'pull') reading?.pull();
      else if (kind === 'flow') {
        const one = reading;
        if (one !== undefined && one.stream.listenerCount('data') === 0)
          one.stream.on('data', chunk => one.take(chunk));
        one?.stream.resume();
      } else if (kind === 'pause') reading?.stream.pause();
      else if (kind === 'leave') reading?.stream.destroy();
      else await turn();
      if (reading !== undefined) {
        check(reading);
        // What is kept, what fills the reader's stream, and a chunk for each of the two.
        expect(body.bytes - reading.length).toBeLessThanOrEqual(kept + 64 * 1024 + 80_000);
      }
    }
    if (reading === undefined || reading.stream.destroyed) begin();
    arrive(coming.length || 1);
    if (reading === undefined) {
      // Either there is the whole buffer, or the attempt fails and the client must be able to finish.
      body.release();
      await settle();
      expect(source.readableEnded).toBe(true);
      return;
    }
    const last: Reading = reading;
    if (last.stream.listenerCount('data') > 0) last.stream.resume();
    for (let count = 0; count < 200 && !last.ended; count++) {
      if (last.stream.listenerCount('data') === 0) last.pull();
      await turn();
    }
    check(last);
    expect([last.ended, last.length]).toEqual([true, whole.length]);
  }

  it('each attempt gets exactly the bytes of the body, from its beginning', async () => {
    await fc.assert(
      fc.asyncProperty(fc.record(scene), each => play(each)),
      { numRuns: 250 },
    );
  });
});
