import type { Duplex } from 'node:stream';
import { GatewayError, type ErrorCode } from '../../src/http/gateway-error.js';
import type {
  AttemptControl,
  AttemptObserver,
  ConnectionFigures,
  Forwarder,
  ForwardRequest,
} from '../../src/proxy/forwarder/forwarder.js';
import type { Backend } from '../../src/upstream/backend.js';

/** How an attempt fails beside its code. */
export interface FailureDetails {
  readonly stale?: boolean;
  readonly unsent?: boolean;
}

/** One attempt, with the backend's part in the hands of the test. */
export class PlayedAttempt implements AttemptControl {
  /** How often it was given up. */
  aborted = 0;
  /** How often the backend was told to go on. */
  resumed = 0;
  readonly idleTimeouts: number[] = [];
  #isSent = false;

  constructor(
    readonly request: ForwardRequest,
    /** Id of the backend. */
    readonly backend: string,
    private readonly observer: AttemptObserver,
  ) {}

  /** The value of a field of the request, by its name in lower case. */
  field(name: string): string | undefined {
    const { headers } = this.request;
    const at = headers.findIndex((each, index) => index % 2 === 0 && each.toLowerCase() === name);
    return at === -1 ? undefined : headers[at + 1];
  }

  resume(): void {
    this.resumed++;
  }

  setIdleTimeout(milliseconds: number): void {
    this.idleTimeouts.push(milliseconds);
  }

  abort(): void {
    this.aborted++;
  }

  /** The request is on a connection. Told once. */
  sent(): void {
    if (this.#isSent) return;
    this.#isSent = true;
    this.observer.sent();
  }

  informational(status: number, ...fields: string[]): void {
    this.observer.informational(status, fields);
  }

  /** The head of an answer; the request has been sent before. */
  head(status = 200, ...fields: string[]): void {
    this.sent();
    this.observer.head(status, 'Played', fields);
  }

  data(text: string | Buffer): boolean {
    return this.observer.data(Buffer.from(text));
  }

  end(...trailers: string[]): void {
    this.observer.end(trailers);
  }

  /** A whole answer. */
  answer(status = 200, body = 'ok', ...fields: string[]): void {
    this.head(status, ...fields);
    if (this.aborted > 0) return;
    this.data(body);
    this.end();
  }

  upgraded(fields: readonly string[], connection: Duplex, head = ''): void {
    this.sent();
    this.observer.upgraded(fields, connection, Buffer.from(head));
  }

  fail(code: ErrorCode, { stale = false, unsent = false }: FailureDetails = {}): void {
    this.observer.fail(new GatewayError(code), stale, unsent);
  }
}

/** A forwarder that sends nothing: the test answers each attempt itself. */
export class PlayedForwarder implements Forwarder {
  readonly attempts: PlayedAttempt[] = [];
  closed = 0;
  figures: ConnectionFigures = { active: 0, idle: 0, pending: 0 };
  /** Called within `forward`, before it returns. */
  atOnce: ((attempt: PlayedAttempt) => void) | undefined;

  /** Ids of the backends that were asked, in their order. */
  get asked(): string[] {
    return this.attempts.map(({ backend }) => backend);
  }

  /** The attempt that was made last. @throws Error when none was. */
  get last(): PlayedAttempt {
    const last = this.attempts.at(-1);
    if (last === undefined) throw new Error('no attempt was made');
    return last;
  }

  forward(request: ForwardRequest, backend: Backend, observer: AttemptObserver): AttemptControl {
    const attempt = new PlayedAttempt(request, backend.id, observer);
    this.attempts.push(attempt);
    this.atOnce?.(attempt);
    return attempt;
  }

  connections(): ConnectionFigures {
    return this.figures;
  }

  async close(): Promise<void> {
    this.closed++;
  }
}
