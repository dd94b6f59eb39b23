import { lstatSync, realpathSync, watch, type FSWatcher } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Times in milliseconds. */
export interface WatchTimes {
  /** Files must have been left alone for this long before they are read. Default 200. */
  readonly settle?: number;
  /** Files that could not be used are looked at once more after this time, before they are given up. Default 1000. */
  readonly patience?: number;
  /** The longest time after which a change is found that the system does not report. Default 10000. */
  readonly poll?: number;
}

/**
 * Reports changes of some files: a file written in place, replaced by a rename, or reached by a symbolic link that was replaced
 * (Kubernetes swaps its volumes in this way). Watches the folders instead of the files, and polls as well, because some file
 * systems report nothing. Does not keep the process alive.
 */
export class FileWatch {
  readonly #times: Required<WatchTimes>;
  #watchers: FSWatcher[] = [];
  #known = '';
  #candidate = '';
  #timer: NodeJS.Timeout | undefined;
  #poll: NodeJS.Timeout | undefined;
  #stopped = false;

  /** `onChange` returns whether it could use the files. If not, it is called a second time with `last` true; and again after each change. */
  constructor(
    private readonly files: readonly string[],
    private readonly onChange: (last: boolean) => boolean,
    times: WatchTimes = {},
  ) {
    this.#times = { settle: 200, patience: 1_000, poll: 10_000, ...times };
  }

  /** Begins to watch; the current state of the files counts as known. */
  async start(): Promise<void> {
    this.#arm();
    this.#known = this.#candidate = await signature(this.files);
    if (this.#stopped) return;
    this.#poll = setInterval(() => this.#look(0), this.#times.poll).unref();
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#poll);
    clearTimeout(this.#timer);
    this.#disarm();
  }

  /** Looks at the files after `delay` milliseconds, unless a look is already due. */
  #look(delay: number): void {
    if (this.#stopped || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => void this.#compare(), delay).unref();
  }

  async #compare(): Promise<void> {
    const now = await signature(this.files);
    this.#timer = undefined;
    if (this.#stopped || now === this.#known) return;
    if (now !== this.#candidate) {
      this.#candidate = now;
      this.#look(this.#times.settle);
      return;
    }
    this.#known = now;
    // A watched folder may have been replaced as well.
    this.#arm();
    if (!this.onChange(false)) this.#tryAgain(now);
  }

  #tryAgain(failed: string): void {
    this.#timer = setTimeout(() => {
      void signature(this.files).then(now => {
        this.#timer = undefined;
        if (this.#stopped) return;
        if (now === failed) this.onChange(true);
        else this.#look(0);
      });
    }, this.#times.patience).unref();
  }

  #arm(): void {
    this.#disarm();
    for (const folder of new Set(this.files.flatMap(foldersOf))) {
      try {
        const watcher = watch(folder, { persistent: false }, () => this.#look(this.#times.settle));
        // The folder has gone away, or a limit of the system is reached: polling goes on.
        watcher.on('error', () => watcher.close());
        this.#watchers.push(watcher);
      } catch {
        continue;
      }
    }
  }

  #disarm(): void {
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
  }
}

/** The folders in which a change can make a path lead to another file: its own, and those of the symbolic links on the path. */
function foldersOf(file: string): string[] {
  const folders = [dirname(file)];
  try {
    folders.push(dirname(realpathSync(file)));
    for (let path = file; path !== dirname(path); path = dirname(path)) {
      if (lstatSync(path).isSymbolicLink()) folders.push(dirname(path));
    }
  } catch {
    // The file is missing at the moment; its own folder will show when it comes back.
  }
  return folders;
}

/** A text that differs when the place, size or times of a file differ. */
async function signature(files: readonly string[]): Promise<string> {
  const parts = files.map(async file => {
    try {
      const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
      return `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`;
    } catch (error) {
      return String((error as NodeJS.ErrnoException).code);
    }
  });
  return (await Promise.all(parts)).join(' ');
}
