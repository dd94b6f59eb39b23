import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closePayload, frameBytes, receive } from '../../test/support/frame-bytes.js';
import type { FrameSpec } from '../../test/support/frame-bytes.js';
import { modelOf } from '../../test/support/frame-model.js';
import type { FrameModel } from '../../test/support/frame-model.js';
import { patternOf } from '../../test/support/pattern.js';
import { FrameObserver } from './frame-observer.js';

const generous = 1024 * 1024;
const letters = Buffer.alloc(70_000, 'the quick brown fox ');
const anyBytes = patternOf(70_000);
const key = fc.uint8Array({ minLength: 4, maxLength: 4 }).map(bytes => Buffer.from(bytes));

const length = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 40 }) },
  { weight: 3, arbitrary: fc.constantFrom(0, 1, 125, 126, 127) },
  { weight: 1, arbitrary: fc.constantFrom(65_535, 65_536) },
);
const control: fc.Arbitrary<FrameSpec> = fc
  .tuple(fc.constantFrom(9, 10), fc.integer({ min: 0, max: 125 }))
  .map(([opcode, size]) => ({ opcode, payload: anyBytes.subarray(0, size) }));

/** One message in any number of fragments, with control frames between them. */
const message: fc.Arbitrary<FrameSpec[]> = fc
  .tuple(
    fc.constantFrom(1, 2),
    fc.array(fc.tuple(length, fc.array(control, { maxLength: 2 })), { minLength: 1, maxLength: 4 }),
  )
  .map(([opcode, fragments]) =>
    fragments.flatMap(([size, between], index): FrameSpec[] => [
      ...(index === 0 ? [] : between),
      {
        opcode: index === 0 ? opcode : 0,
        payload: (opcode === 1 ? letters : anyBytes).subarray(0, size),
        final: index === fragments.length - 1,
      },
    ]),
  );

const close: fc.Arbitrary<FrameSpec> = fc
  .oneof(
    fc.constant(Buffer.alloc(0)),
    fc
      .tuple(fc.constantFrom(1000, 1001, 1007, 1011, 1014, 3000, 4999), fc.string({ maxLength: 30 }))
      .map(([code, reason]) => closePayload(code, reason)),
  )
  .map(payload => ({ opcode: 8, payload }));

interface Stream {
  readonly masked: boolean;
  readonly frames: readonly Buffer[];
  readonly bytes: Buffer;
}

/** Whole frames that one side may send: messages and control frames, at the end perhaps a Close. */
const validStream: fc.Arbitrary<Stream> = fc
  .tuple(
    fc.boolean(),
    fc.array(fc.oneof(message, fc.tuple(control)), { maxLength: 8 }),
    fc.option(close, { nil: undefined }),
    fc.array(key, { minLength: 1, maxLength: 4 }),
  )
  .map(([masked, parts, last, keys]) => {
    const specs = last === undefined ? parts.flat() : [...parts.flat(), last];
    const frames = specs.map((spec, index) =>
      frameBytes(masked ? { ...spec, key: keys[index % keys.length] } : { ...spec }),
    );
    return { masked, frames, bytes: Buffer.concat(frames) };
  });

/** Streams with some wrong bytes, and random bytes. */
const anyStream: fc.Arbitrary<{ readonly masked: boolean; readonly bytes: Buffer }> = fc.oneof(
  validStream,
  fc
    .tuple(validStream, fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 3 }))
    .map(([{ masked, frames, bytes }, changes]) => {
      const changed = Buffer.from(bytes);
      // Wrong bytes in a payload would have no effect.
      const starts = frames.map((_, index) => Buffer.concat(frames.slice(0, index)).length);
      if (starts.length === 0) return { masked, bytes };
      for (const [place, byte] of changes) {
        const at = starts[place % starts.length]! + (Math.floor(place / starts.length) % 10);
        if (at < changed.length) changed[at] = byte;
      }
      return { masked, bytes: changed };
    }),
  fc.record({ masked: fc.boolean(), bytes: fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.from(bytes)) }),
);

/** The sizes of the chunks, used in a cycle. */
const split = fc.array(fc.oneof(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 1, max: 80_000 })), {
  minLength: 1,
  maxLength: 12,
});

/** The bytes in chunks of these sizes; after many chunks all the rest at once, so that long streams do not take long. */
function* chunksOf(bytes: Buffer, sizes: readonly number[]): Generator<{ from: number; chunk: Buffer }> {
  for (let at = 0, count = 0; at < bytes.length; count++) {
    const to = count < 150 ? at + sizes[count % sizes.length]! : bytes.length;
    const chunk = bytes.subarray(at, to);
    yield { from: at, chunk };
    at += chunk.length;
  }
}

function countsOf(observer: FrameObserver): object {
  const { text, binary, messages, pings, pongs, frames, closeCode, closed, fault } = observer;
  return { text, binary, messages, pings, pongs, frames, closeCode, closed, fault: fault?.code };
}

/** The counts that an observer must show after the first `to` bytes. */
function expectedCounts({ frames, fault, close: last }: FrameModel, to: number): object {
  const ended = frames.filter(({ end }) => end <= to);
  const ofOpcode = (opcode: number): number => ended.filter(frame => frame.opcode === opcode).length;
  const text = ended.filter(({ ends }) => ends === 'text').length;
  const binary = ended.filter(({ ends }) => ends === 'binary').length;
  return {
    text,
    binary,
    messages: text + binary,
    pings: ofOpcode(9),
    pongs: ofOpcode(10),
    frames: [...frames, ...(fault === undefined ? [] : [fault])].filter(({ start }) => start < to).length,
    closeCode: last !== undefined && last.knownAt <= to ? last.code : undefined,
    closed: ofOpcode(8) > 0,
    fault: fault !== undefined && fault.at < to ? fault.code : undefined,
  };
}

describe('for any streams', () => {
  it('gives the same counts for any split as for reading all at once', () => {
    fc.assert(
      fc.property(validStream, split, ({ masked, bytes }, sizes) => {
        const atOnce = new FrameObserver({ masked, maxFrame: generous });
        atOnce.read(bytes);
        const inPieces = new FrameObserver({ masked, maxFrame: generous });
        for (const { chunk } of chunksOf(bytes, sizes)) inPieces.read(chunk);
        expect(countsOf(inPieces)).toEqual(countsOf(atOnce));
        expect(atOnce.fault).toBeUndefined();
        expect(atOnce.atBoundary).toBe(true);
        expect(inPieces.atBoundary).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it('counts what the ws package receives', () => {
    fc.assert(
      fc.property(validStream, split, ({ masked, frames, bytes }, sizes) => {
        const observer = new FrameObserver({ masked, maxFrame: generous });
        for (const { chunk } of chunksOf(bytes, sizes)) observer.read(chunk);
        const received = receive(bytes, masked);
        expect(received.error).toBeUndefined();
        const { text, binary, pings, pongs, closeCode } = observer;
        expect({ text, binary, pings, pongs, closeCode }).toEqual({
          text: received.text,
          binary: received.binary,
          pings: received.pings.length,
          pongs: received.pongs,
          closeCode: received.close?.code,
        });
        expect(observer.frames).toBe(frames.length);
      }),
      { numRuns: 150 },
    );
  });

  it('agrees with the ws package about damaged streams, except for lengths in a longer form', () => {
    fc.assert(
      fc.property(anyStream, ({ masked, bytes }) => {
        const observer = new FrameObserver({ masked, maxFrame: Number.MAX_SAFE_INTEGER });
        observer.read(bytes);
        const { text, binary, pings, pongs, fault, closed, closeCode } = observer;
        const received = receive(bytes, masked);
        if (received.error !== undefined || fault?.reason === 'a length is not in its shortest form') return;
        if (fault !== undefined) {
          // ws waits for the whole header; the rest of one makes it report the error.
          expect(receive(Buffer.concat([bytes, Buffer.alloc(14)]), masked).error).toBeDefined();
        }
        expect([text, binary, pings, pongs]).toEqual([
          received.text,
          received.binary,
          received.pings.length,
          received.pongs,
        ]);
        if (closed) expect(closeCode).toBe(received.close?.code);
      }),
      { numRuns: 300 },
    );
  });

  it('reports after each chunk of valid, damaged or random bytes what a byte-by-byte reading reports', () => {
    const seen = { faults: 0, closes: 0, boundaries: 0 };
    fc.assert(
      fc.property(anyStream, split, fc.constantFrom(20, generous), ({ masked, bytes }, sizes, maxFrame) => {
        const model = modelOf(bytes, masked, maxFrame);
        const ends = model.frames.map(({ end }) => end);
        const observer = new FrameObserver({ masked, maxFrame });
        let faultAt = 0;
        let faultFrom: number | undefined;
        for (const { from, chunk } of chunksOf(bytes, sizes)) {
          const to = from + chunk.length;
          const before = Buffer.from(chunk);
          observer.read(chunk);
          expect(chunk.equals(before)).toBe(true);
          expect(countsOf(observer)).toEqual(expectedCounts(model, to));

          const first = ends.find(end => end > from && end <= to);
          expect(observer.firstBoundary).toBe(first === undefined ? -1 : first - from);
          if (first !== undefined) seen.boundaries++;

          const found = model.fault !== undefined && model.fault.at >= from && model.fault.at < to;
          if (found) faultFrom = from;
          faultAt = found ? Math.max(model.fault.start - from, 0) : 0;
          expect(observer.faultAt).toBe(faultAt);

          const isBetween = to === 0 || ends.includes(to) || (model.close !== undefined && to > model.close.end);
          const isFaultOfChunk = faultFrom !== undefined && model.fault !== undefined && model.fault.start >= faultFrom;
          expect(observer.atBoundary).toBe(faultFrom === undefined ? isBetween : isFaultOfChunk);
        }
        if (faultFrom !== undefined) seen.faults++;
        if (observer.closed) seen.closes++;
      }),
      { numRuns: 400 },
    );
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(30);
  });

  it('takes any bytes in any pieces, one by one too', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), fc.boolean(), fc.nat(100_000), (bytes, masked, maxFrame) => {
        const observer = new FrameObserver({ masked, maxFrame });
        for (const byte of bytes) observer.read(Buffer.from([byte]));
        const { frames, messages, fault } = observer;
        observer.read(Buffer.alloc(0));
        expect(frames).toBeLessThanOrEqual(bytes.length);
        expect(messages).toBeLessThanOrEqual(frames);
        if (fault !== undefined) expect([1002, 1009]).toContain(fault.code);
      }),
      { numRuns: 150 },
    );
  });
});
