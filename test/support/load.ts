import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { closeLater } from './cleanup.js';

/** How load is sent. */
export interface LoadOptions {
  /** Kept-alive connections; each sends its next request when it has the answer to the last one. Default 16. */
  readonly connections?: number;
  /** Requests after which it ends by itself. Default: goes on until it is stopped. */
  readonly count?: number;
  /** Requests a second, over all connections. Default: as fast as the answers come. */
  readonly rate?: number;
  /** Default GET. Requests have no body. */
  readonly method?: string;
  /** Path of the `number`-th request, from 0. Default `/load/<number>`. */
  readonly path?: (number: number) => string;
  /** False: the body may be any. Default: it must be what a scripted backend answers, `<name> <method> <path>`. */
  readonly echoed?: boolean;
  /** Milliseconds for one request. Default 15000. */
  readonly timeout?: number;
}

/** How one request of a load ended. */
export interface Answer {
  /** From 0, in the order of sending. */
  readonly number: number;
  /** On the clock of `performance.now()`. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** 0 when no head came. */
  readonly status: number;
  /** Who answered: the first word of the body. */
  readonly backend: string;
  /**
   * What the client has to complain about: `502 RESET` (status and X-Gateway-Error), `broken after 12 bytes`, `ECONNRESET`,
   * `wrong answer …`, `no answer in time`. Undefined: a whole 200 that belongs to this very request.
   */
  readonly error: string | undefined;
}

/** The milliseconds that a request took. */
export const tookOf = ({ startedAt, endedAt }: Answer): number => endedAt - startedAt;

/**
 * Closed-loop load over kept-alive connections. Every answer but a whole 200 with the body for this request counts as an error.
 * Stopped when the test has finished.
 */
export class Load {
  /** Every request that has ended, in the order of their ends. */
  readonly answers: Answer[] = [];
  /** Resolves when all requests have ended: after `stop()`, or after `count` of them. */
  readonly ended: Promise<void>;
  readonly #agent: http.Agent;
  readonly #connections: number;
  #sent = 0;
  #stopped = false;
  #slot = performance.now();

  constructor(
    private readonly port: number,
    private readonly options: LoadOptions,
  ) {
    this.#connections = options.connections ?? 16;
    this.#agent = new http.Agent({ keepAlive: true, maxSockets: this.#connections });
    this.ended = Promise.all(Array.from({ length: this.#connections }, () => this.#connection())).then(() => {
      this.#agent.destroy();
    });
  }

  /** How often each error occurred; empty when the clients have nothing to complain about. */
  get errors(): Record<string, number> {
    return errorsOf(this.answers);
  }

  /** Sends no more; resolves when the requests under way have ended. */
  async stop(): Promise<readonly Answer[]> {
    this.#stopped = true;
    await this.ended;
    return this.answers;
  }

  async #connection(): Promise<void> {
    const { count = Number.POSITIVE_INFINITY } = this.options;
    while (!this.#stopped && this.#sent < count) {
      const number = this.#sent++;
      await this.#turn();
      this.answers.push(await this.#send(number));
    }
  }

  async #turn(): Promise<void> {
    const { rate } = this.options;
    if (rate === undefined) return;
    const now = performance.now();
    // Turns that were missed while the machine was busy are dropped, not made up for in a burst.
    this.#slot = Math.max(this.#slot + 1000 / rate, now - 50);
    if (this.#slot > now) await pause(this.#slot - now);
  }

  async #send(number: number): Promise<Answer> {
    const { method = 'GET', path = one => `/load/${one}`, echoed = true, timeout = 15_000 } = this.options;
    const startedAt = performance.now();
    const target = path(number);
    return new Promise(resolve => {
      let status = 0;
      let body = '';
      const end = (error: string | undefined): void => {
        clearTimeout(timer);
        const backend = body.split(' ', 1)[0] ?? '';
        resolve({ number, startedAt, endedAt: performance.now(), status, backend, error });
      };
      const request = http.request({ host: '127.0.0.1', port: this.port, agent: this.#agent, method, path: target });
      const timer = setTimeout(() => {
        end('no answer in time');
        request.destroy();
      }, timeout);
      request.on('error', (error: NodeJS.ErrnoException) => {
        end(status === 0 ? `${error.code ?? ''} ${error.message}` : `broken after ${body.length} bytes`);
      });
      request.on('response', response => {
        status = response.statusCode ?? 0;
        response.setEncoding('latin1');
        response.on('data', (chunk: string) => (body += chunk));
        response.on('error', () => end(`broken after ${body.length} bytes`));
        response.on('end', () => {
          if (!response.complete) end(`broken after ${body.length} bytes`);
          else if (status !== 200) end(`${status} ${response.headers['x-gateway-error'] ?? 'of the backend'}`);
          else if (echoed && !body.endsWith(` ${method} ${target}`)) end(`wrong answer ${body.slice(0, 60)}`);
          else end(undefined);
        });
      });
      request.end(method === 'GET' || method === 'HEAD' ? undefined : '');
    });
  }
}

/** How often each error occurs among these answers; empty when there is none. */
export function errorsOf(answers: readonly Answer[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { error } of answers) if (error !== undefined) counts[error] = (counts[error] ?? 0) + 1;
  return counts;
}

/** The share (0..1) of these answers that a backend gave. */
export function shareOf(answers: readonly Answer[], backend: string): number {
  return answers.filter(answer => answer.backend === backend).length / answers.length;
}

/** Starts load on a port of loopback, which goes on until it is stopped or the test has finished. */
export function startLoad(port: number, options: LoadOptions = {}): Load {
  const load = new Load(port, options);
  closeLater(() => load.stop());
  return load;
}

/** Sends `count` requests and gives their answers, in the order of their ends. */
export async function sendLoad(
  port: number,
  options: LoadOptions & { readonly count: number },
): Promise<readonly Answer[]> {
  const load = startLoad(port, options);
  await load.ended;
  return load.answers;
}
