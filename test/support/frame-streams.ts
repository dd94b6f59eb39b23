import fc from 'fast-check';
import { frameBytes, type FrameSpec } from './frame-bytes.js';
import { modelOf } from './frame-model.js';
import { patternOf } from './pattern.js';

const anyBytes = patternOf(300_000);

const length = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 40 }) },
  { weight: 3, arbitrary: fc.constantFrom(125, 126, 127, 65_535, 65_536) },
  { weight: 1, arbitrary: fc.integer({ min: 1000, max: 300_000 }) },
);
/** Never an empty Ping: that is what the gateway sends. */
const control: fc.Arbitrary<FrameSpec> = fc
  .tuple(fc.constantFrom(9, 10), fc.integer({ min: 1, max: 125 }))
  .map(([opcode, size]) => ({ opcode, payload: anyBytes.subarray(0, size) }));
/** One message in any number of fragments, with control frames between them. */
const message: fc.Arbitrary<FrameSpec[]> = fc
  .tuple(
    fc.constantFrom(1, 2),
    fc.constantFrom(0, 0, 4),
    fc.array(fc.tuple(length, fc.array(control, { maxLength: 2 })), { minLength: 1, maxLength: 4 }),
  )
  .map(([opcode, rsv, fragments]) =>
    fragments.flatMap(([size, between], index): FrameSpec[] => [
      ...(index === 0 ? [] : between),
      {
        opcode: index === 0 ? opcode : 0,
        rsv: index === 0 ? rsv : 0,
        payload: anyBytes.subarray(size % 7, size),
        final: index === fragments.length - 1,
      },
    ]),
  );

/**
 * What one side of a WebSocket may send: messages and control frames, without a Close, in the pieces that it is written in. Some
 * pieces are a byte long, so that they end anywhere in a frame's head.
 */
export function piecesOf(isMasked: boolean): fc.Arbitrary<Buffer[]> {
  const frames = fc.array(fc.oneof(message, fc.tuple(control)), { minLength: 1, maxLength: 10 });
  const keys = fc.array(fc.uint8Array({ minLength: 4, maxLength: 4 }), { minLength: 1, maxLength: 4 });
  const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 100_000 })), {
    minLength: 1,
    maxLength: 12,
  });
  return fc.tuple(frames, keys, sizes).map(([specs, masks, cuts]) => {
    const bytes = Buffer.concat(
      specs.flat().map((spec, index) => {
        const mask = masks[index % masks.length]!;
        return frameBytes(isMasked ? { ...spec, key: Buffer.from(mask) } : spec);
      }),
    );
    const pieces: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += pieces.at(-1)!.length) {
      // After many the rest at once, so that long streams take no long time.
      const to = pieces.length < 100 ? at + cuts[pieces.length % cuts.length]! : bytes.length;
      pieces.push(bytes.subarray(at, to));
    }
    return pieces;
  });
}

/** A stream without its whole empty Pings, and how many these were. @throws Error when it is no stream of whole frames. */
export function withoutPings(bytes: Buffer, isMasked: boolean): { readonly rest: Buffer; readonly pings: number } {
  const { frames, fault } = modelOf(bytes, isMasked, Number.MAX_SAFE_INTEGER);
  if (fault !== undefined) throw new Error(`a fault ${fault.code} in the frame at ${fault.start}`);
  const kept = frames.filter(({ opcode, length: size, end }) => opcode !== 9 || size > 0 || end > bytes.length);
  const rest = Buffer.concat(kept.map(({ start, end }) => bytes.subarray(start, Math.min(end, bytes.length))));
  return { rest, pings: frames.length - kept.length };
}
