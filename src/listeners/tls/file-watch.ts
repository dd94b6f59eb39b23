import { lstatSync, realpathSync, watch, type FSWatcher } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Times in milliseconds. */
export interface WatchTimes {
  /** Files must have been left alone for this long before they are read. Default 200. */
  readonly settle?: number;
  /** Files that could not be used are looked at once more after this time, before they are given up. Default 1000. */
  readonly patience?: number;
  /** Where the system does not tell of changes, they are found after this time at the latest. Default 10000. */
  readonly poll?: number;
}

/**
 * Tells when one of some files has changed, in whatever way: written in place, replaced by a rename, or behind a symbolic link that
 * was (as Kubernetes swaps its volumes). Watches the folders, not the files, and looks at them by itself now and then, since some
 * file systems tell nothing. Keeps no process alive.
 */
export class FileWatch {
  readonly #times: Required<WatchTimes>;
  #watchers: FSWatcher[] = [];
  #known = '';
  #candidate = '';
  #timer: NodeJS.Timeout | undefined;
  #poll: NodeJS.Timeout | undefined;
  #stopped = false;

  /** `onChange` says whether it could use the files. It is called again with `last` true when it could not, or when they change. */
  constructor(
    private readonly files: readonly string[],
    private readonly onChange: (last: boolean) => boolean,
    times: WatchTimes = {},
  ) {
    this.#times = { settle: 200, patience: 1_000, poll: 10_000, ...times };
  }

  /** Begins to watch; the files as they are now are taken as known. */
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

  /** Looks after `delay`, unless a look is due already. */
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
    // What is watched may have been replaced as well.
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
        // A folder that goes away, or a limit of the system: the poll is there for that.
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

/** The folders in which a change can make a path lead to something else: its own, and those of the links on its way. */
function foldersOf(file: string): string[] {
  const folders = [dirname(file)];
  try {
    folders.push(dirname(realpathSync(file)));
    for (let path = file; path !== dirname(path); path = dirname(path)) {
      if (lstatSync(path).isSymbolicLink()) folders.push(dirname(path));
    }
  } catch {
    // A file that is missing just now shows up in its own folder.
  }
  return folders;
}

/** Differs when a file does: where it lies, its size, its times. */
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
