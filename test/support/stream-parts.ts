import type { GatewayError } from '../../src/http/gateway-error.js';
import type { RawHeaders } from '../../src/fields/raw-headers.js';
import type { Protocol } from '../../src/http/request-info.js';
import type { Responder } from '../../src/proxy/client/responder.js';
import type {
  EventStream,
  EventStreamSettings,
  StreamExchange,
  StreamSource,
  StreamSupply,
} from '../../src/proxy/lasting/event-streams.js';
import { Places } from '../../src/proxy/lasting/places.js';
import type { UnderWay } from '../../src/proxy/lasting/under-way.js';
import type { LiveBackend } from '../../src/upstream/live-backend.js';
import { Upstream } from '../../src/upstream/upstream.js';

/** A client's side that keeps what it is given. */
export class FakeResponder implements Responder {
  headSent = true;
  length = -1;
  source: { resume(): void } | undefined;
  text = '';
  /** Undefined before the end. */
  trailers: RawHeaders | 'none' | undefined;
  flushed = 0;
  /** What the client says to each piece. */
  flows = true;

  informational(): void {}
  head(): void {}
  flush(): void {
    this.flushed++;
  }

  write(chunk: Buffer): boolean {
    this.text += chunk.toString();
    return this.flows;
  }

  end(trailers?: RawHeaders): void {
    this.trailers = trailers ?? 'none';
  }

  switchProtocols(): undefined {}
  send(): void {}
  abort(): void {}

  get ended(): boolean {
    return this.trailers !== undefined;
  }
}

/** The exchange of an event stream: a GET by an EventSource that is answered with 200, unless the test says otherwise. */
export class FakeStreamExchange implements StreamExchange {
  readonly id = 'r-1';
  readonly clientIp = '203.0.113.7';
  readonly path = '/events';
  method = 'GET';
  status = 200;
  wantsEvents = true;
  hasBody = false;
  listenerInfo = { name: 'web', scheme: 'http' as const, port: 80, unix: false, draining: false };
  readonly responder = new FakeResponder();
  error: GatewayError | undefined;
  protocol: Protocol = 'http';
  stream: EventStream | undefined;
  places: Places | undefined;
  bytesOut = 0;
  underWay: UnderWay | undefined;
  readonly requestHeaders = new Map<string, string | undefined>();

  constructor(readonly plan: { readonly name: string; readonly sse: EventStreamSettings }) {}

  setRequestHeader(name: string, value?: string): void {
    this.requestHeaders.set(name, value);
  }

  fail(error: GatewayError): void {
    this.error = error;
    this.underWay?.giveUp();
  }
}

/** An attempt that notes what it is asked for. */
export class FakeSource implements StreamSource {
  readonly asked: string[] = [];
  error: GatewayError | undefined;

  constructor(
    readonly backend: LiveBackend,
    /** Told as the dispatcher would tell: the attempt has failed. */
    private readonly failed: (error: GatewayError) => void = () => {},
  ) {}

  resume(): void {
    this.asked.push('resume');
  }

  setIdleTimeout(milliseconds: number): void {
    this.asked.push(`idle timeout ${milliseconds}`);
  }

  outlast(): void {
    this.asked.push('outlast');
  }

  leave(): void {
    this.asked.push('leave');
  }

  drop(): void {
    this.asked.push('drop');
  }

  decline(error: GatewayError): void {
    this.asked.push('decline');
    this.error = error;
    this.failed(error);
  }

  breakOff(error: GatewayError): void {
    this.asked.push('break off');
    this.error = error;
    this.failed(error);
  }
}

/** The road to further backends, which notes what it is asked for. */
export class FakeSupply implements StreamSupply {
  /** Attempts that were made. */
  attempts = 0;
  avoided: LiveBackend[] = [];
  /** The retry budget has something left. */
  budget = true;

  constructor(readonly upstream: Upstream) {}

  get exhausted(): boolean {
    return this.upstream.available.every(backend => this.avoided.includes(backend));
  }

  mayRetry(): boolean {
    return this.budget;
  }

  next(): void {
    this.attempts++;
  }

  avoid(backend: LiveBackend): void {
    this.avoided.push(backend);
  }

  avoidOnlyLast(): void {
    this.avoided = this.avoided.slice(-1);
  }
}

/** An upstream with backends of these ids. */
export function upstreamOf(...ids: string[]): Upstream {
  const backends = ids.map(id => ({ id, url: `http://${id}`, weight: 1, backup: false }));
  return new Upstream('app', { strategy: { name: 'random' }, slowStart: 0, panicThreshold: 0, backends });
}

/** Settings of streams: no heartbeat, no idle timeout, not resumed. */
export function streamSettings(settings: Partial<EventStreamSettings> = {}): EventStreamSettings {
  return { heartbeat: 0, idleTimeout: 0, resume: false, places: new Places(10), ...settings };
}
