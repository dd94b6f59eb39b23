import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** A file that cannot be used. The message follows the file's name in a sentence: `is larger than 1mb`. */
class FileTrouble extends Error {}

/** What a file may take. */
interface FileBounds {
  /** The most bytes that it may hold. Default: 1 MiB. */
  readonly maxBytes?: number;
  /** Milliseconds in which a pipe or a device must have come to its end. Default: 5 s; 0: such files are refused. */
  readonly maxWait?: number;
}

const largest = 1024 * 1024;
const patience = 5_000;
/** Milliseconds between two looks at a pipe that has nothing to read. */
const pause = 20;
/** For `Atomics.wait`, which lets the thread sleep here: no thread ever notifies it. */
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/**
 * Reads a whole file at once, and always returns: after `maxBytes` bytes of a file that never ends (`/dev/zero`), after `maxWait` milliseconds of
 * a named pipe without a writer. The size that the system reports is not relied on. Pipes may be read, too: `--config <(generate)`.
 * @throws FileTrouble
 */
export function readBounded(path: string, { maxBytes = largest, maxWait = patience }: FileBounds = {}): Buffer {
  let descriptor: number | undefined;
  try {
    // Without O_NONBLOCK, opening a named pipe waits until a process opens it for writing.
    descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stat = fstatSync(descriptor);
    if (stat.isDirectory()) throw new FileTrouble('is a directory');
    if (!stat.isFile() && maxWait === 0) throw new FileTrouble('is not a regular file');
    return readAll(descriptor, maxBytes, stat.isFile() ? 0 : performance.now() + maxWait, stat.isFIFO());
  } catch (error) {
    throw error instanceof FileTrouble ? error : new FileTrouble(whyUnreadable(error), { cause: error });
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Like {@link readBounded}, as text in UTF-8, without a byte order mark if `dropMark`. @throws FileTrouble */
export function readBoundedText(
  path: string,
  { dropMark = false, ...bounds }: FileBounds & { dropMark?: boolean } = {},
): string {
  const bytes = readBounded(path, bounds);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: !dropMark }).decode(bytes);
  } catch {
    throw new FileTrouble('is not valid UTF-8');
  }
}

/** Why a file could not be read, to follow its name in a sentence. */
export function whyUnreadable(error: unknown): string {
  if (error instanceof FileTrouble) return error.message;
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return 'does not exist';
  if (code === 'EACCES' || code === 'EPERM') return 'may not be read by this process';
  if (code === 'EISDIR') return 'is a directory';
  if (code === 'ENXIO') return 'is a socket';
  if (code === 'ELOOP') return 'leads through a circle of symbolic links';
  return `cannot be read (${code ?? String(error)})`;
}

function readAll(descriptor: number, maxBytes: number, deadline: number, isPipe: boolean): Buffer {
  const pieces: Buffer[] = [];
  let size = 0;
  for (;;) {
    const piece = Buffer.allocUnsafe(Math.min(65_536, maxBytes + 1 - size));
    const count = readSome(descriptor, piece);
    if (count > 0) {
      pieces.push(piece.subarray(0, count));
      size += count;
      if (size > maxBytes) throw new FileTrouble(`is larger than ${sizeText(maxBytes)}`);
    } else if (count === 0 && !(isPipe && size === 0)) return Buffer.concat(pieces, size);
    if (deadline > 0 && performance.now() > deadline) throw new FileTrouble(silence(size));
    // Nothing to read now, or a pipe to which no process has written yet.
    if (count <= 0) Atomics.wait(sleeper, 0, 0, pause);
  }
}

/** Bytes read, 0 at the end, -1 when there is nothing to read just now. */
function readSome(descriptor: number, into: Buffer): number {
  try {
    return readSync(descriptor, into, 0, into.length, null);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return -1;
    throw error;
  }
}

function silence(size: number): string {
  return size === 0 ? 'is a pipe or a device that gives nothing' : 'does not come to its end';
}

function sizeText(bytes: number): string {
  return bytes % largest === 0 ? `${bytes / largest}mb` : `${bytes} bytes`;
}
