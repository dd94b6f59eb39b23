import { createRequire } from 'node:module';
import type { Dispatcher, Pool } from 'undici';
import type { ForwardAuthConfig } from '../../../config/file/auth.config.js';
import { formatDuration } from '../../../config/language/kinds/duration.js';
import { readAuthorities } from '../../../tls/key-pair.js';
import { authenticatesConnection } from '../../../http/connection-auth.js';
import { GatewayError } from '../../../http/gateway-error.js';
import { RawHeaders } from '../../../fields/raw-headers.js';
import { countedConnector } from '../../../platform/counted-connector.js';
import { FailurePause } from './failure-pause.js';
import type { Ending } from '../leases.js';
import { authServiceFailed } from '../unavailable.js';

/** What the service has answered. */
export interface ServiceAnswer {
  readonly status: number;
  /** Names in lower case; a list where a field came more than once. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

const maxConnections = 64;
const maxQuestions = 1024;
/** Shorter than what servers commonly keep an idle connection for. */
const keepAlive = 4000;
const maxHead = 32 * 1024;
const maxBody = 64 * 1024;

/** Codes of errors of the network before a connection stood. */
const unreachable: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);

const tooMany = authServiceFailed('too many questions are under way');
const paused = authServiceFailed('it could not be reached several times in a row');

/**
 * A service that is asked about requests, over connections of its own. When no connection to it can be made five times in a row
 * it is not asked for a second. Other failures do not count for that: a client could bring them about, and shut all others out.
 */
export class AuthService implements Ending {
  readonly #connect: () => Pool;
  #pool: Pool;
  /** The pool with the questions from before the service was retired. */
  #formerPool: Pool | undefined;
  readonly #path: string;
  readonly #host: string;
  readonly #timeout: number;
  /** Where it is, without what may be secret. */
  readonly address: string;
  readonly #pause = new FailurePause(5, 1000);
  #open = 0;

  /** Throws, in one line, when the file `ca` is no PEM file of certificates. */
  constructor({ url, ca, timeout }: Pick<ForwardAuthConfig, 'url' | 'ca' | 'timeout'>) {
    this.#timeout = timeout;
    const { origin, pathname, search, host } = new URL(url);
    this.#path = pathname + search;
    this.address = origin + pathname;
    this.#host = host;
    // Loaded only where it is needed: it is a fifth of all code of the program.
    const undici = createRequire(import.meta.url)('undici') as typeof import('undici');
    const connect = countedConnector(
      undici.buildConnector({ allowH2: false, ...(ca !== undefined && { ca: readAuthorities(ca) }) }),
    );
    this.#connect = () =>
      new undici.Pool(origin, {
        connections: maxConnections,
        pipelining: 1,
        allowH2: false,
        keepAliveTimeout: keepAlive,
        keepAliveMaxTimeout: keepAlive,
        maxHeaderSize: maxHead,
        headersTimeout: 0,
        bodyTimeout: 0,
        connect,
      });
    this.#pool = this.#connect();
  }

  /** Asks with these fields (name, value …). Never rejects: an error says that there is no answer. */
  async ask(headers: readonly string[]): Promise<ServiceAnswer | GatewayError> {
    if (this.#open >= maxQuestions) return tooMany;
    if (!this.#pause.tryAsk()) return paused;
    this.#open++;
    const ended = new AbortController();
    const timer = setTimeout(() => ended.abort(new Error(`no answer within ${this.#timeout} ms`)), this.#timeout);
    try {
      const answer = await this.#answer(['Host', this.#host, ...headers], ended.signal);
      this.#pause.settle(true);
      return answer;
    } catch (error) {
      this.#pause.settle(!unreachable.has(String((error as NodeJS.ErrnoException).code)));
      const limit = ended.signal.aborted ? `auth.forward.timeout ${formatDuration(this.#timeout)}` : undefined;
      return authServiceFailed(error instanceof Error ? error.message : String(error), limit);
    } finally {
      clearTimeout(timer);
      this.#open--;
    }
  }

  async end(): Promise<void> {
    await Promise.all([this.#pool.destroy(), this.#formerPool?.destroy()]);
  }

  /** Closes the connections as they become idle. Each question that still comes has a connection of its own, closed behind the answer. */
  async retire(): Promise<void> {
    const pool = this.#pool;
    this.#formerPool = pool;
    this.#pool = this.#connect();
    // A pool that is destroyed meanwhile fails to close.
    await pool.close().catch(() => undefined);
  }

  async #answer(headers: string[], signal: AbortSignal): Promise<ServiceAnswer> {
    const { statusCode: status, headers: fields, body } = await this.#send(headers, signal);
    body.on('error', () => undefined);
    // RFC 9110 §15: what is no status is no decision, and no client could be given it.
    if (status < 200 || status > 599) {
      body.destroy();
      throw new Error(`it answered ${status}, which is no status`);
    }
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of body) {
      bytes += (chunk as Buffer).length;
      if (bytes <= maxBody) chunks.push(chunk as Buffer);
      // A yes stands in the head: what comes behind it is read only so that the connection can be used again.
      else if (status < 300) break;
      else throw new Error(`its answer ${status} has a body of more than ${maxBody / 1024} kB`);
    }
    return { status, headers: fields, body: Buffer.concat(chunks) };
  }

  /** Once more where a connection that was kept has been closed at the wrong moment. */
  async #send(headers: string[], signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    // Credentials that let in a connection must not let in the next question on it: it is closed behind the answer.
    const reset = this.#formerPool !== undefined || letsIn(headers);
    const question = { method: 'GET', path: this.#path, headers, signal, ...(reset && { reset }) } as const;
    try {
      return await this.#pool.request(question);
    } catch (error) {
      if (signal.aborted || !isClosedConnection(error)) throw error;
      return this.#pool.request(question);
    }
  }
}

function letsIn(headers: readonly string[]): boolean {
  const credentials = RawHeaders.get(headers, 'authorization');
  return credentials !== undefined && authenticatesConnection(credentials);
}

function isClosedConnection(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE';
}
