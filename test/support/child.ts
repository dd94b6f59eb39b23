import { type ChildProcess, spawn } from 'node:child_process';
import { closeLater } from './cleanup.js';
import { patience, within } from './poll.js';

/** How a child process ended: its exit code, or the signal that killed it. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Where and how a child process runs. */
export interface ChildOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Written to its standard input, which is then closed. Default: nothing. `null`: nothing, and it stays open. */
  readonly stdin?: string | null;
}

const living = new Set<ChildProcess>();
// A test worker that is cut short must not leave servers behind.
process.on('exit', () => living.forEach(child => child.kill('SIGKILL')));

/** A running program with its output. Killed when the test has finished. */
export class Child {
  readonly process: ChildProcess;
  readonly exited: Promise<Exit>;
  #stdout = '';
  #stderr = '';
  #exit: Exit | undefined;
  #changed = Promise.withResolvers<void>();

  constructor(file: string, args: readonly string[], { env = {}, cwd, stdin = '' }: ChildOptions = {}) {
    this.process = spawn(file, args, {
      env: { ...cleanEnvironment(), ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(cwd !== undefined && { cwd }),
    });
    living.add(this.process);
    this.process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#wake();
    });
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      this.#wake();
    });
    // A program that ends without reading its input is no error.
    this.process.stdin?.on('error', () => undefined);
    if (stdin !== null) this.process.stdin?.end(stdin);
    this.exited = new Promise((resolve, reject) => {
      this.process.on('error', reject);
      // `close` rather than `exit`: all output has been read by then.
      this.process.on('close', (code, signal) => {
        living.delete(this.process);
        this.#exit = { code, signal };
        this.#wake();
        resolve(this.#exit);
      });
    });
    // A failed start is an error for the code that waits, and no unhandled rejection otherwise.
    this.exited.catch(() => living.delete(this.process));
    closeLater(() => this.kill());
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** How it ended; undefined while it runs. */
  get exit(): Exit | undefined {
    return this.#exit;
  }

  /**
   * Sends a signal and waits for the end.
   * @throws Error after `deadline` ms, with its output; the process is killed then.
   */
  async stop(signal: NodeJS.Signals = 'SIGTERM', deadline = patience): Promise<Exit> {
    if (this.#exit === undefined) this.process.kill(signal);
    try {
      return await within(this.exited, deadline, `the end of the program after ${signal}`);
    } catch (cause) {
      await this.kill();
      throw new Error(`the program did not end after ${signal}:\n${this.stdout}${this.stderr}`, { cause });
    }
  }

  /** Kills it, if it runs. */
  async kill(): Promise<void> {
    if (this.process.pid === undefined || this.#exit !== undefined) return;
    this.process.kill('SIGKILL');
    await this.exited;
  }

  /** Waits until it has written something that makes `ready` true. @throws Error with its output when it ends or takes too long. */
  async until(ready: () => boolean, what: string, deadline = patience): Promise<void> {
    const wait = async (): Promise<void> => {
      while (!ready()) {
        if (this.#exit) throw new Error(`the program ended (${this.#exit.code ?? this.#exit.signal}) before ${what}`);
        await Promise.race([this.#changed.promise, this.exited]);
      }
    };
    try {
      await within(wait(), deadline, what);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`${reason}\n${this.stdout}${this.stderr}`, { cause });
    }
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

/** What every child gets of this environment: nothing that would change what the program does. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ', 'NODE_V8_COVERAGE'];
  const entries = kept.flatMap(name => (process.env[name] === undefined ? [] : [[name, process.env[name]] as const]));
  return Object.fromEntries(entries);
}
