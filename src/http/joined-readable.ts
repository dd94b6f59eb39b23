import { Readable } from 'node:stream';
import { Pieces, smallPiece } from './pieces.js';
import { takeTurns } from './turns.js';

const PIECES = Symbol('gatehouse.pieces');

/** Small pieces that may come behind one that waits: then nothing more is read until they are. */
const mostSmall = 256;

/** Pieces of a stream that wait. */
class Waiting extends Pieces {
  /** Small pieces among them. */
  small = 0;
  /** It is to be given its turn. */
  isQueued = false;
}

/** A stream whose pieces are joined while they wait to be read. */
type JoinedReadable = Readable & { [PIECES]?: Waiting | undefined };

const { push, read } = Readable.prototype;

/**
 * Stands for `Readable.prototype.push`: a piece that comes while others wait is joined to these. Node bounds a queue by its bytes alone, and keeps
 * an object of some hundred bytes for each piece, even a piece of a single byte. A piece that comes while none waits passes unchanged.
 */
function joinedPush(this: JoinedReadable, chunk: Buffer | null, encoding?: BufferEncoding): boolean {
  if (chunk === null) handOver(this);
  else if (this.readableLength > 0 || (this[PIECES]?.length ?? 0) > 0) return wait(this, chunk);
  return push.call(this, chunk, encoding);
}

/**
 * The same for messages: one read of the connection may bring ten thousand pieces of a message, and each costs as much time as a request. Of the
 * pieces that come in one turn of the event loop the first passes, and the others follow joined. Messages take turns in this, so that one
 * with many pieces does not hold up the others.
 */
export function joinedMessagePush(this: JoinedReadable, chunk: Buffer | null, encoding?: BufferEncoding): boolean {
  if (chunk !== null && chunk.length < smallPiece && this.readableFlowing === true) {
    const waiting = (this[PIECES] ??= new Waiting());
    if (waiting.isQueued) return wait(this, chunk);
    if (this.readableLength === 0 && waiting.length === 0) queue(this, waiting);
  }
  return joinedPush.call(this, chunk, encoding);
}

/** Stands for `Readable.prototype.read`. Node asks for no bytes only to have more read from below. */
export function joinedRead(this: JoinedReadable, size?: number): unknown {
  if (size !== 0) handOver(this);
  return read.call(this, size);
}

/** Has what waits in the stream joined from now on. Its class must not have a `push` or `read` of its own that does more than Node's. */
export function joinPieces(stream: Readable, pushed: typeof joinedPush = joinedPush): void {
  stream.push = pushed as Readable['push'];
  stream.read = joinedRead as Readable['read'];
}

/** False: nothing more is to be read for it. */
function wait(stream: JoinedReadable, chunk: Buffer): boolean {
  const waiting = (stream[PIECES] ??= new Waiting());
  waiting.add(chunk);
  if (chunk.length < smallPiece && ++waiting.small > mostSmall) return false;
  return stream.readableLength + waiting.length < stream.readableHighWaterMark;
}

function queue(stream: JoinedReadable, waiting: Waiting): void {
  waiting.isQueued = true;
  takeTurns(() => {
    const { small } = waiting;
    waiting.isQueued = false;
    if (stream.readableFlowing === true) handOver(stream);
    return small;
  });
}

function handOver(stream: JoinedReadable): void {
  const waiting = stream[PIECES];
  if (waiting === undefined) return;
  waiting.small = 0;
  for (let piece = waiting.shift(); piece !== undefined; piece = waiting.shift()) push.call(stream, piece);
}
