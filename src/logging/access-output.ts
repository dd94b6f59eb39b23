import type { Logger } from 'pino';
import { LogDestination } from './destination.js';
import type { LineBuffer } from './line-buffer.js';
import { LogFile } from './log-file.js';

interface OpenFile {
  readonly file: LogFile;
  readonly destination: LogDestination;
}

/** A change of the file, which takes effect or not. */
interface FileChange {
  commit(): void;
  discard(): void;
}

const unchanged: FileChange = { commit: () => {}, discard: () => {} };

/** Where access lines go: to the application's log, or to a file of their own. */
export class AccessOutput {
  #open: OpenFile | undefined;
  #to: LogDestination;
  /** Files that the access log has left. */
  #closing: Promise<unknown> = Promise.resolve();
  /** Lines that were lost in files that are closed. */
  #lostBefore = 0;

  /** `path`: the file; empty: there is none. Throws when it cannot be opened. */
  constructor(
    private readonly log: LogDestination,
    private readonly logger: Pick<Logger, 'error' | 'info' | 'warn'>,
    path = '',
  ) {
    this.#open = this.#file(path);
    this.#to = this.#open?.destination ?? log;
  }

  /** The path of the file; undefined: there is none. */
  get file(): string | undefined {
    return this.#open?.file.path;
  }

  /** Lines of the file that were lost since the start. */
  get dropped(): number {
    return this.#lostBefore + (this.#open?.destination.dropped ?? 0);
  }

  /** The buffer for one line; {@link end} then adds it. */
  begin(): LineBuffer {
    return this.#to.begin();
  }

  end(): void {
    this.#to.end();
  }

  /** Opens another file, to which lines go once that is committed. Throws when it cannot be opened. */
  prepare(path: string): FileChange {
    if (path === (this.#open?.file.path ?? '')) return unchanged;
    const next = this.#file(path);
    return {
      commit: () => {
        const before = this.#open;
        this.#open = next;
        this.#to = next?.destination ?? this.log;
        if (before !== undefined) this.#closing = Promise.all([this.#closing, this.#close(before)]);
      },
      discard: () => next?.file.close(),
    };
  }

  /** Opens the file again by its name; what was gathered goes to the file that was open. */
  async reopen(): Promise<void> {
    const { destination, file } = this.#open ?? {};
    if (destination === undefined || file === undefined) return;
    await destination.flush();
    try {
      file.reopen();
    } catch (error) {
      this.logger.error({ file: file.path }, `${(error as Error).message}; the one that is open is used on`);
    }
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    this.#to = this.log;
    await Promise.all([this.#closing, ...(open === undefined ? [] : [this.#close(open)])]);
  }

  async #close({ destination, file }: OpenFile): Promise<void> {
    await destination.close();
    this.#lostBefore += destination.dropped;
    file.close();
  }

  #file(path: string): OpenFile | undefined {
    if (path === '') return undefined;
    const file = new LogFile(path);
    const destination = new LogDestination(file, {
      onDropped: dropped => this.logger.warn({ dropped, file: path }, 'access lines dropped: the disk is slow or full'),
      onTrouble: error => {
        if (error === undefined) this.logger.info({ file: path }, 'the access log is written again');
        else this.logger.error({ file: path, code: error.code }, 'the access log cannot be written: lines are lost');
      },
    });
    return { file, destination };
  }
}
