import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { Reloaded } from '../admin/admin-sources.js';
import { ConfigError, type Origin } from '../config/loading/config-error.js';
import type { GatewayConfig } from '../config/file/gateway.config.js';
import { filesOf } from '../config/live/files-of.js';
import { FileWatch } from '../platform/file-watch.js';
import type { LoadedConfig } from '../config/loading/compile.js';
import { formatProblem } from '../config/loading/problem.js';
import { BackendControl } from '../upstream/control/backend-control.js';
import { LiveConfig } from './live-config.js';

/** Where the configuration comes from, if it is a file: reads it again when it is asked to. */
@Injectable()
export class ConfigSource implements OnModuleDestroy {
  #load: (() => LoadedConfig) | undefined;
  #watch: FileWatch | undefined;
  #watched = '';

  constructor(
    private readonly live: LiveConfig,
    private readonly control: BackendControl,
  ) {}

  /**
   * Reads the configuration again by `load` whenever one of its files changes, until the gateway ends. `loaded`: what it was at the start. `load`
   * throws a ConfigError for what is wrong.
   */
  follow(load: () => LoadedConfig, loaded: LoadedConfig): void {
    this.#load = load;
    this.#watchFilesOf(loaded, loaded.config);
  }

  onModuleDestroy(): void {
    this.#load = undefined;
    this.#watch?.stop();
  }

  /** Reads the file again, and puts what it says into force. Undefined: there is no file. Never rejects: what is wrong is among the problems, and in the log. */
  async reload(): Promise<Reloaded | undefined> {
    if (this.#load === undefined) return undefined;
    let warnings: readonly string[] = [];
    try {
      const loaded = this.#read(this.#load);
      warnings = loaded.warnings.map(formatProblem);
      const applied = await this.live.apply(loaded.config);
      return { ...applied, warnings: [...warnings, ...this.control.lines()], problems: [] };
    } catch (error) {
      const { message } = error as Error;
      return { changes: [], pending: [], warnings, problems: message.split('\n') };
    }
  }

  #read(load: () => LoadedConfig): LoadedConfig {
    try {
      const loaded = load();
      this.#watchFilesOf(loaded, loaded.config);
      return loaded;
    } catch (error) {
      if (error instanceof ConfigError) this.#watchFilesOf(error, this.live.current);
      this.live.refuse(error as Error);
      throw error;
    }
  }

  /** Watches the files that a configuration was read from, the folders in which others may come to match an `include`, and the files that it names. */
  #watchFilesOf({ files, patterns }: Origin, config: GatewayConfig): void {
    const all = [...files, ...patterns.map(folderOf), ...filesOf(config, { ofListeners: false })];
    if (all.join('\n') === this.#watched) return;
    this.#watched = all.join('\n');
    this.#watch?.stop();
    this.#watch = new FileWatch(all, () => {
      void this.reload();
      return true;
    });
    void this.#watch.start();
  }
}

/** The folder above the first part of a path that is a pattern. */
function folderOf(pattern: string): string {
  const parts = pattern.split('/');
  const first = parts.findIndex(part => /[*?[{]/.test(part));
  return parts.slice(0, first === -1 ? -1 : first).join('/') || '/';
}
