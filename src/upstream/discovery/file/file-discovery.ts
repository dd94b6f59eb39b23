import { FileWatch } from '../../../platform/file-watch.js';
import { Discovery, type BackendDiscovery, type FoundBackend } from '../discovery.js';
import { readBackendFile } from './backend-file.js';
import { FileOptions } from './file-options.js';

/** Finds backends in a file with a list of them, and reads it again when it changes. */
@Discovery('file', { options: FileOptions })
export class FileDiscovery implements BackendDiscovery {
  #options = new FileOptions();

  configure(options: FileOptions): void {
    this.#options = options;
  }

  async watch(
    publish: (backends: readonly FoundBackend[]) => void,
    signal: AbortSignal,
    failed: (error: unknown) => void,
  ): Promise<void> {
    const { file } = this.#options;
    const read = (last: boolean): boolean => {
      try {
        publish(readBackendFile(file));
        return true;
      } catch (error) {
        // It may be half written: it is looked at once more.
        if (last) failed(error);
        return false;
      }
    };
    const watch = new FileWatch([file], read);
    signal.addEventListener('abort', () => watch.stop(), { once: true });
    // What changes behind this point is noticed, so nothing is lost between the two.
    await watch.start();
    if (!signal.aborted) read(true);
  }
}
