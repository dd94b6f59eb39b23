import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { fileSink, type Sink, type Written } from './sink.js';

/** Readable for its owner and group: the lines tell of clients. */
const mode = 0o640;
/** Without `O_NONBLOCK` a pipe at the path would have the opening wait for its reader. */
const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

interface OpenFile {
  readonly descriptor: number;
  readonly sink: Sink;
}

/** A file that lines are appended to, and that can be opened again by its name. Other threads and processes may append to it as well: each write is of whole lines. */
export class LogFile implements Sink {
  #file: OpenFile;
  #isBusy = false;
  /** Closed behind the write that is under way. */
  #former: OpenFile | undefined;
  #isClosed = false;

  /** Throws an error of one line when the file cannot be opened, or is something else than a file. */
  constructor(readonly path: string) {
    this.#file = open(path);
  }

  write(chunk: Buffer, done: Written): void {
    this.#isBusy = true;
    this.#file.sink.write(chunk, (error, written) => {
      this.#isBusy = false;
      this.#closeFormer();
      if (this.#isClosed) closeSync(this.#file.descriptor);
      done(error, written);
    });
  }

  writeNow(chunk: Buffer): void {
    this.#file.sink.writeNow(chunk);
  }

  /** Opens the file of the name anew, since the one that is open may have been renamed. When that fails, the open one is kept, and the error is thrown. */
  reopen(): void {
    if (this.#isClosed) return;
    const file = open(this.path);
    // The name has changed twice during one write: the file between has nothing.
    if (this.#former === undefined) this.#former = this.#file;
    else closeSync(this.#file.descriptor);
    this.#file = file;
    if (!this.#isBusy) this.#closeFormer();
  }

  /** Nothing is written any more; a write that is under way may end. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // Its number may belong to another file or connection at once.
    if (!this.#isBusy) closeSync(this.#file.descriptor);
  }

  #closeFormer(): void {
    if (this.#former !== undefined) closeSync(this.#former.descriptor);
    this.#former = undefined;
  }
}

function open(path: string): OpenFile {
  let descriptor: number;
  try {
    descriptor = openSync(path, flags, mode);
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    throw new Error(`logging.access.file: "${path}" cannot be opened: ${code}`, { cause: error });
  }
  if (fstatSync(descriptor).isFile()) return { descriptor, sink: fileSink(descriptor) };
  closeSync(descriptor);
  throw new Error(`logging.access.file: "${path}" is not a file`);
}
