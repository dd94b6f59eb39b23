import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { CircuitBreaker, FailureKind, Ticket } from '../../src/circuit-breaker/circuit-breaker.js';
import type { GatewayError } from '../../src/http/gateway-error.js';
import type { RawHeaders } from '../../src/fields/raw-headers.js';
import type { LoadBalancingStrategy } from '../../src/load-balancer/strategy.js';
import type { ClientMessage } from '../../src/proxy/client/client-message.js';
import type { Responder } from '../../src/proxy/client/responder.js';
import {
  EventStreams,
  type EventStream,
  type StreamExchange,
  type StreamSource,
  type StreamSupply,
} from '../../src/proxy/lasting/event-streams.js';
import type { Backend, Candidates, Outcome } from '../../src/upstream/backend.js';
import { FakeMessage } from './fake-message.js';

/** A client's side that keeps what it is given. */
export class KeptAnswer implements Responder {
  /** Status and what followed it: `200`, the body's text, `end` or `abort`; interim statuses as `(100)`. */
  readonly told: string[] = [];
  headSent = false;
  length = -1;
  headers: RawHeaders = [];
  trailers: RawHeaders | undefined;
  withholdsContinue = false;
  source: { resume(): void } | undefined;
  /** What the client says to each piece. */
  flows = true;
  /** The connection that an upgrade gets; undefined: the client has gone. */
  connection: Duplex | undefined;

  /** The value of a field of the answer, by its name in lower case. */
  field(name: string): string | undefined {
    const at = this.headers.findIndex((each, index) => index % 2 === 0 && each.toLowerCase() === name);
    return at === -1 ? undefined : this.headers[at + 1];
  }

  informational(status: number, headers: RawHeaders): void {
    this.headers = headers;
    this.told.push(`(${status})`);
  }

  head(status: number, _message: string, headers: RawHeaders): void {
    this.headSent = true;
    this.headers = headers;
    this.told.push(String(status));
  }

  flush(): void {}

  write(chunk: Buffer): boolean {
    this.told.push(chunk.toString());
    return this.flows;
  }

  end(trailers?: RawHeaders): void {
    this.trailers = trailers;
    this.told.push('end');
  }

  switchProtocols(protocol: string, headers: RawHeaders): Duplex | undefined {
    this.headers = headers;
    this.told.push(`switch to ${protocol}`);
    return this.connection;
  }

  send(status: number, headers: RawHeaders, body: string | Buffer): void {
    this.head(status, '', headers);
    this.told.push(body.toString(), 'end');
  }

  abort(): void {
    this.told.push('abort');
  }
}

/** A client's message as the test sends it. */
export class SentMessage extends FakeMessage implements ClientMessage {
  readonly socket = new Socket();

  constructor(
    readonly rawHeaders: string[],
    readonly httpVersion: string,
  ) {
    super();
  }

  get headers(): Record<string, string> {
    const { rawHeaders } = this;
    return Object.fromEntries(
      rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name.toLowerCase(), rawHeaders[at + 1]!] as const] : [])),
    );
  }
}

/** A real breaker that keeps what it is told: `success`, `failure hard`, `ignored`, and `begun …` for what comes before the end. */
export class KeptBreaker implements CircuitBreaker {
  readonly told: string[] = [];

  constructor(private readonly real: CircuitBreaker) {}

  get state(): CircuitBreaker['state'] {
    return this.real.state;
  }

  get retryIn(): number {
    return this.real.retryIn;
  }

  tryEnter(): Ticket {
    return this.real.tryEnter();
  }

  begun(ticket: Ticket, outcome: Outcome, kind?: FailureKind): Ticket {
    this.told.push(`begun ${outcome}`);
    return this.real.begun(ticket, outcome, kind);
  }

  settle(ticket: Ticket, outcome: Outcome, kind?: FailureKind): void {
    this.told.push(outcome === 'failure' ? `${outcome} ${kind}` : outcome);
    this.real.settle(ticket, outcome, kind);
  }

  open(): void {
    this.real.open();
  }

  close(): void {
    this.real.close();
  }

  reset(): void {
    this.real.reset();
  }
}

/** A strategy that takes the first candidate, and keeps what it is told of the end of attempts: `a success`. */
export class FirstInLine implements LoadBalancingStrategy {
  readonly told: string[] = [];
  /** Ids of the candidates of each pick. */
  readonly offered: string[] = [];

  pick(candidates: Candidates): Backend {
    this.offered.push(candidates.map(({ id }) => id).join(' '));
    return candidates[0];
  }

  settled(backend: Backend, outcome: Outcome): void {
    this.told.push(`${backend.id} ${outcome}`);
  }
}

/** An event stream that keeps what it is told. */
export class KeptStream implements EventStream {
  readonly told: string[] = [];
  readonly events = undefined;
  resumes = 0;
  /** Whether it goes on by itself after an error. */
  survives = true;

  constructor(
    readonly source: StreamSource,
    readonly supply: StreamSupply,
    readonly headers: RawHeaders,
  ) {}

  data(chunk: Buffer): boolean {
    this.told.push(chunk.toString());
    return true;
  }

  end(): void {
    this.told.push('end');
  }

  failed(error: GatewayError): boolean {
    this.told.push(error.code);
    return this.survives;
  }

  rejoin(_source: StreamSource, status: number): void {
    this.told.push(`rejoin ${status}`);
  }

  closed(): void {
    this.told.push('closed');
  }
}

/** Makes a {@link KeptStream} of each response that is an event stream. */
export class KeptStreams extends EventStreams {
  readonly opened: KeptStream[] = [];

  open(exchange: StreamExchange, source: StreamSource, supply: StreamSupply, headers: RawHeaders): void {
    const stream = new KeptStream(source, supply, headers);
    this.opened.push(stream);
    exchange.stream = stream;
  }
}
