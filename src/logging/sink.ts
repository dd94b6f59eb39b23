import { fstatSync, write, writeSync } from 'node:fs';
import type { Writable } from 'node:stream';

/** Called when a chunk has been taken, or when it could not be taken whole: `written` bytes of it were (default 0). */
export type Written = (error?: NodeJS.ErrnoException | null, written?: number) => void;

/** Where finished log text goes. One chunk is under way at a time, so that lines keep their order. */
export interface Sink {
  write(chunk: Buffer, done: Written): void;
  /** Writes the chunk at once and never waits for a reader. Used at the end of the process, when nothing asynchronous can run any more. */
  writeNow(chunk: Buffer): void;
}

const guarded = new WeakSet<Writable>();

/** A sink over any writable stream: a pipe, a terminal, a worker's stdout, a test's collector. */
export function streamSink(stream: Writable): Sink {
  if (!guarded.has(stream)) {
    guarded.add(stream);
    // The callback of `write` gets the same error; without a listener a reader that went away (EPIPE) would end the process.
    stream.on('error', () => undefined);
  }
  return {
    write: (chunk, done) => void stream.write(chunk, done),
    writeNow: chunk => void stream.write(chunk),
  };
}

const lineEnd = Buffer.from('\n');

/** A sink over the descriptor of a regular file: written by libuv's threads, so that a slow disk does not stop traffic. */
export function fileSink(descriptor: number): Sink {
  /** The disk was full, perhaps in the middle of a line of this thread or of another: it is ended before the next. */
  let isTorn = false;
  const writeFrom = (chunk: Buffer, from: number, done: Written): void => {
    write(descriptor, chunk, from, (error, count) => {
      const written = from + count;
      if (error !== null) {
        isTorn = true;
        done(error, from);
      } else if (written === chunk.length) done();
      else writeFrom(chunk, written, done);
    });
  };
  const end = (done: Written, next: () => void): void => {
    if (!isTorn) return next();
    write(descriptor, lineEnd, error => {
      if (error !== null) return done(error);
      isTorn = false;
      next();
    });
  };
  return {
    write: (chunk, done) => end(done, () => writeFrom(chunk, 0, done)),
    writeNow: chunk => {
      let rest = chunk;
      while (rest.length > 0) rest = rest.subarray(writeSync(descriptor, rest));
    },
  };
}

/** The process's standard output: by descriptor when it is a file, else through `process.stdout`, which in a worker thread leads to the main thread. */
export function stdoutSink(): Sink {
  return isRegularFile(1) ? fileSink(1) : streamSink(process.stdout);
}

function isRegularFile(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFile();
  } catch {
    return false;
  }
}
