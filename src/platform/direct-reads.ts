import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** What a read of a connection has brought: the first bytes of the buffer, until the next connection reads. */
type Taker = (bytes: Buffer) => void;

interface Handle {
  useUserBuffer?(buffer: Buffer): void;
}

type Slots = Socket & { readonly _handle?: Handle | null } & Record<symbol, unknown>;

/** Bytes that one read of a connection may bring. */
const readSize = 64 * 1024;

/** All connections of this process read into one buffer: what one has read is used up before the next one reads. */
let shared: Buffer | undefined;

/** The buffer for connections that are opened with the option `onread`. */
export function sharedBuffer(): Buffer {
  return (shared ??= Buffer.allocUnsafeSlow(readSize));
}

/** Comes with what lies in that buffer: a taker that keeps it copies it. */
export const lent = { hold: () => undefined } as const;

/** The places in which a socket keeps its option `onread`. */
let slots: { readonly buffer: symbol; readonly taken: symbol } | undefined;

/**
 * Has what comes on an accepted connection given to `take` from the shared buffer. As a stream, Node makes a buffer of 64 KiB for each read, however
 * little it brings, and three objects around it. False: this socket can only be read as a stream. What waits in the stream already comes from there.
 *
 * Reaches into Node 26: a socket that is opened has an option for this (`onread`), one that a server accepts has not. Sets what the option sets.
 */
export function readDirectly(socket: Duplex, take: Taker): boolean {
  if (!(socket instanceof Socket)) return false;
  const own = socket as Slots;
  const { _handle: handle } = own;
  slots ??= slotsOf(socket);
  if (slots === undefined || typeof handle?.useUserBuffer !== 'function') return false;
  const buffer = sharedBuffer();
  const isSet = own[slots.buffer] === buffer;
  own[slots.buffer] = buffer;
  own[slots.taken] = (size: number): boolean => {
    take(buffer.subarray(0, size));
    return true;
  };
  if (!isSet) handle.useUserBuffer(buffer);
  return true;
}

/** Has it read as a stream again; until it is read directly once more. */
export function readAsStream(socket: Socket): void {
  if (slots === undefined || (socket as Slots)[slots.taken] === null) return;
  const buffer = sharedBuffer();
  (socket as Slots)[slots.taken] = (size: number): boolean => socket.push(Buffer.from(buffer.subarray(0, size)));
}

function slotsOf(socket: Socket): typeof slots {
  const named = (name: string): symbol | undefined =>
    Object.getOwnPropertySymbols(socket).find(({ description }) => description === name);
  const buffer = named('kBuffer');
  const taken = named('kBufferCb');
  return buffer === undefined || taken === undefined ? undefined : { buffer, taken };
}
