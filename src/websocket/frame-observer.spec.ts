import { describe, expect, it } from 'vitest';
import { closePayload, frameBytes, frameHead } from '../../test/support/frame-bytes.js';
import { FrameObserver } from './frame-observer.js';

const key = Buffer.from([1, 2, 3, 4]);
const ofClient = (opcode: number, text = '', final = true): Buffer =>
  frameBytes({ opcode, payload: Buffer.from(text), final, key });
const ofServer = (opcode: number, text = '', final = true): Buffer =>
  frameBytes({ opcode, payload: Buffer.from(text), final });

function observe(chunks: readonly Buffer[], { masked = false, maxFrame = 100_000 } = {}): FrameObserver {
  const observer = new FrameObserver({ masked, maxFrame });
  for (const chunk of chunks) observer.read(chunk);
  return observer;
}

describe('FrameObserver', () => {
  it('has counted nothing and is between two frames before the first byte', () => {
    const observer = observe([]);
    expect(observer.atBoundary).toBe(true);
    expect(observer).toMatchObject({ frames: 0, messages: 0, closed: false, firstBoundary: -1 });
    expect(observer.fault).toBeUndefined();
    expect(observer.closeCode).toBeUndefined();
  });

  it('counts a message with its last fragment, as the kind of its first, with a Ping between them', () => {
    const observer = observe([ofServer(2, 'one', false), ofServer(9, 'still there?')]);
    expect(observer).toMatchObject({ frames: 2, binary: 0, pings: 1, atBoundary: true });
    observer.read(ofServer(0, 'two', false));
    observer.read(ofServer(0, '', true));
    expect(observer).toMatchObject({ frames: 4, text: 0, binary: 1, messages: 1, atBoundary: true });
    observer.read(ofServer(1, 'a new one'));
    expect(observer).toMatchObject({ text: 1, binary: 1, messages: 2 });
  });

  it('counts a frame with its first byte and a message not before its last', () => {
    const frame = ofClient(1, 'hello');
    const observer = observe([frame.subarray(0, 1)], { masked: true });
    expect(observer).toMatchObject({ frames: 1, atBoundary: false, firstBoundary: -1 });
    observer.read(frame.subarray(1, 6));
    expect(observer).toMatchObject({ frames: 1, text: 0, atBoundary: false, firstBoundary: -1 });
    observer.read(frame.subarray(6, 10));
    expect(observer).toMatchObject({ text: 0, atBoundary: false, firstBoundary: -1 });
    observer.read(frame.subarray(10));
    expect(observer).toMatchObject({ frames: 1, text: 1, atBoundary: true, firstBoundary: 1 });
  });

  it('tells where the first frame ended in a chunk, not the last', () => {
    const observer = observe([
      Buffer.concat([ofServer(1, 'abc'), ofServer(1, 'def'), ofServer(1, 'ghi').subarray(0, 3)]),
    ]);
    expect(observer).toMatchObject({ text: 2, firstBoundary: 5, atBoundary: false });
    observer.read(Buffer.alloc(0));
    expect(observer.firstBoundary).toBe(-1);
  });

  it('tells where the header begins that is not whole, until it is', () => {
    const frame = ofClient(2, 'x'.repeat(300));
    const observer = observe([Buffer.concat([frame, frame.subarray(0, 3)])], { masked: true });
    expect(observer.headAt).toBe(frame.length);
    for (const byte of frame.subarray(3, 7)) {
      observer.read(Buffer.of(byte));
      expect(observer.headAt).toBe(0);
    }
    // The last byte of the key; then payload.
    observer.read(frame.subarray(7, 8));
    expect(observer.headAt).toBe(-1);
    observer.read(frame.subarray(8));
    expect(observer).toMatchObject({ headAt: -1, binary: 2, atBoundary: true });
  });

  it.each([
    ['compressed messages', frameBytes({ opcode: 1, rsv: 4 }), { text: 1, frames: 1 }],
    ['all reserved bits', frameBytes({ opcode: 2, rsv: 7 }), { binary: 1, frames: 1 }],
    ['reserved control frames', ofServer(11, 'abc'), { messages: 0, pings: 0, pongs: 0, frames: 1, atBoundary: true }],
    ['reserved data frames', ofServer(3, 'abc'), { messages: 0, frames: 1, atBoundary: true }],
    [
      'reserved data frames in fragments',
      Buffer.concat([ofServer(5, 'abc', false), ofServer(0, 'def', false), ofServer(0), ofServer(1, 'text')]),
      { text: 1, binary: 0, frames: 4, atBoundary: true },
    ],
    [
      'reserved data frames inside a message',
      Buffer.concat([ofServer(1, 'abc', false), ofServer(7), ofServer(6, '', false), ofServer(0)]),
      { text: 1, binary: 0, frames: 4 },
    ],
  ])('lets %s through', (_, bytes, counts) => {
    const observer = observe([bytes]);
    expect(observer.fault).toBeUndefined();
    expect(observer).toMatchObject(counts);
  });

  it.each([
    ['without a code', Buffer.alloc(0), 1005],
    ['with a code alone', closePayload(1001), 1001],
    ['with a code and a reason', closePayload(4321, 'enough'), 4321],
    ['with a code that no endpoint may send', closePayload(65_535), 65_535],
  ])('knows the code of a Close %s, masked or not', (_, payload, code) => {
    for (const mask of [undefined, Buffer.from([250, 206, 13, 37])]) {
      const bytes = frameBytes({ opcode: 8, payload, key: mask });
      const observer = observe([bytes], { masked: mask !== undefined });
      expect(observer).toMatchObject({ closeCode: code, closed: true, atBoundary: true });
      expect(observer.firstBoundary).toBe(bytes.length);
    }
  });

  it('knows the code of a Close before the reason is there', () => {
    const bytes = frameBytes({ opcode: 8, payload: closePayload(1011, 'broken'), key });
    const observer = observe([bytes.subarray(0, 7)], { masked: true });
    expect(observer.closeCode).toBeUndefined();
    observer.read(bytes.subarray(7, 8));
    expect(observer).toMatchObject({ closeCode: 1011, closed: false, atBoundary: false });
    observer.read(bytes.subarray(8));
    expect(observer.closed).toBe(true);
  });

  it('ignores all that follows a Close', () => {
    const observer = observe([Buffer.concat([ofServer(8), ofServer(1, 'late')]), ofServer(0), ofServer(8)]);
    expect(observer).toMatchObject({
      frames: 1,
      text: 0,
      closed: true,
      atBoundary: true,
      firstBoundary: -1,
    });
    expect(observer.fault).toBeUndefined();
  });
});

const huge = (hex: string): Buffer => Buffer.from(`827f${hex}`, 'hex');

describe('a fault of a stream', () => {
  it.each([
    ['a frame of a client without a mask', true, [ofServer(1, 'a')], 1002],
    ['a masked frame of a server', false, [ofClient(1, 'a')], 1002],
    ['a Ping of 126 bytes', false, [frameHead(0x89, false, 126, 16)], 1002],
    ['a Close with a 64-bit length', false, [frameHead(0x88, false, 65_536, 64)], 1002],
    ['a reserved control frame of 126 bytes', false, [frameHead(0x8f, false, 126, 16)], 1002],
    ['a Ping in fragments', false, [ofServer(9, 'a', false)], 1002],
    ['a Close in fragments', false, [ofServer(8, '', false)], 1002],
    ['a Close with half a code', false, [ofServer(8, 'a')], 1002],
    ['a masked Close with half a code', true, [ofClient(8, 'a')], 1002],
    ['a continuation of nothing', false, [ofServer(0, 'a')], 1002],
    ['a continuation behind the last fragment', false, [ofServer(1, 'a', false), ofServer(0), ofServer(0)], 1002],
    ['a text inside a message', false, [ofServer(2, 'a', false), ofServer(1, 'a')], 1002],
    ['a binary inside a message', false, [ofServer(1, 'a', false), ofServer(9), ofServer(2, 'a')], 1002],
    ['a length with its highest bit set', false, [huge('8000000000000000')], 1002],
    ['a length of 2^53', false, [huge('0020000000000000')], 1002],
    ['the longest length', false, [huge('7fffffffffffffff')], 1002],
    ['125 in 16 bits', false, [frameHead(0x82, false, 125, 16)], 1002],
    ['0 in 16 bits', true, [frameHead(0x82, true, 0, 16)], 1002],
    ['65,535 in 64 bits', false, [frameHead(0x82, false, 65_535, 64)], 1002],
    ['0 in 64 bits', true, [frameHead(0x82, true, 0, 64)], 1002],
    ['a frame of one byte too many', false, [frameHead(0x82, false, 100_001, 64)], 1009],
    ['a length of 2^53 - 1', false, [huge('001fffffffffffff')], 1009],
    ['a fragment that is too long', false, [ofServer(1, 'a', false), frameHead(0x80, false, 200_000, 64)], 1009],
  ])('is %s', (_, masked, frames, code) => {
    const ahead = frameBytes({ opcode: 10, payload: Buffer.from('ahead'), key: masked ? key : undefined });
    const bytes = Buffer.concat([ahead, ...frames]);
    const faulty = bytes.length - frames.at(-1)!.length;
    const behind = Buffer.concat([bytes, Buffer.alloc(40)]);

    const observer = observe([behind], { masked });
    expect(observer.fault?.code).toBe(code);
    expect(observer).toMatchObject({ faultAt: faulty, firstBoundary: ahead.length, atBoundary: true });
    expect(observer.frames).toBe(frames.length + 1);

    observer.read(ahead);
    expect(observer).toMatchObject({ faultAt: 0, firstBoundary: -1, pongs: 1, atBoundary: true });
  });

  it('is none at the edges of what is allowed', () => {
    for (const head of [
      frameHead(0x89, false, 125),
      frameHead(0x82, false, 126, 16),
      frameHead(0x82, false, 65_535, 16),
      frameHead(0x82, false, 65_536, 64),
      frameHead(0x82, false, 100_000, 64),
    ]) {
      expect(observe([head]).fault).toBeUndefined();
    }
    const longest = Number.MAX_SAFE_INTEGER;
    const frame = [huge('001fffffffffffff')];
    expect(observe(frame, { maxFrame: longest }).fault).toBeUndefined();
    expect(observe(frame, { maxFrame: longest - 1 }).fault?.code).toBe(1009);
  });

  it('says that no frame may be put in when the frame at fault began in a chunk that has passed', () => {
    const observer = observe([Buffer.concat([ofServer(1, 'a'), Buffer.from([0x82])]), Buffer.from([0xff, 0, 0])]);
    expect(observer.fault?.code).toBe(1002);
    expect(observer).toMatchObject({ faultAt: 0, firstBoundary: -1, atBoundary: false });
  });

  it('is found at the end of the header, before any payload', () => {
    const observer = observe([frameHead(0x82, true, 100_001, 64).subarray(0, 9)], { masked: true });
    expect(observer.fault).toBeUndefined();
    observer.read(Buffer.from([0xa1]));
    expect(observer.fault).toEqual({ code: 1009, reason: 'a frame is too long' });
  });
});
