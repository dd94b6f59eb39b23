import type { IncomingHttpHeaders } from 'node:http';
import { acceptsEventStream } from '../http/event-stream-type.js';
import { authenticatesConnection } from '../http/connection-auth.js';
import { ExchangeTimes, type ExchangeRecord, type TunnelRecord } from '../http/exchange-record.js';
import { ExchangeTrail } from '../http/exchange-trail.js';
import type { GatewayError } from '../http/gateway-error.js';
import { problemResponse, type LocalResponse } from '../http/problem.js';
import type { RequestHead } from '../http/request-head.js';
import type { Signature } from '../http/signature.js';
import { trailerFields } from '../http/response-head.js';
import type { RawHeaders } from '../fields/raw-headers.js';
import type { Protocol } from '../http/request-info.js';
import type { ResponseDefaults } from '../security/response-defaults.js';
import { Answer, type Identity, type PolicyContext } from '../security/policy.js';
import type { Releasable, RequestPolicy, Verdict } from '../security/policy.js';
import { release } from '../security/release.js';
import type { ExchangeTrace } from '../tracing/exchange-trace.js';
import type { Backend } from '../upstream/backend.js';
import type { Client } from './client/client.js';
import { ClientBody } from './client/client-body.js';
import type { ClientMessage } from './client/client-message.js';
import { tieFor, type ClientTie } from './client/client-tie.js';
import type { Doubts } from './doubts.js';
import type { ExchangeWatcher } from './exchange-watcher.js';
import type { EventStream, StreamExchange } from './lasting/event-streams.js';
import { FieldEdits, shown, unedited } from './plan/field-edits.js';
import type { ListenerInfo } from './client/listener-info.js';
import { Location } from './location.js';
import type { Borrowed } from './client/memory-share.js';
import type { Places } from './lasting/places.js';
import type { Responder } from './client/responder.js';
import type { TrailerFilter } from './client/trailer-filter.js';
import type { UnderWay } from './lasting/under-way.js';
import type { Upgrade } from './lasting/upgrade.js';
import type { RoutePlan } from './plan/route-plan.js';

const noPolicies: readonly RequestPolicy[] = [];

/**
 * One client request in flight, from its head to the end of its response: what is known of it, and the one place
 * where it is answered. It is its own log record, so nothing is copied when it closes.
 */
export class Exchange implements ExchangeRecord, PolicyContext, StreamExchange, TrailerFilter {
  /** `sse` from the moment that it is known to carry an event stream; `websocket` when an upgrade is asked for, to any protocol. */
  protocol: Protocol = 'http';
  readonly times: ExchangeTimes;
  readonly location = new Location();
  /** What holds for the fields of its responses while it has no route. */
  responseDefaults: ResponseDefaults | undefined;
  body: ClientBody | undefined;
  backend: Backend | undefined;
  upstreamName: string | undefined;
  attempts = 0;
  /** Ends of attempts whose fault is not clear yet. */
  doubts: Doubts | undefined;
  bytesOut = 0;
  /** What the client got or will get; 0 until it is known. */
  status = 0;
  error: GatewayError | undefined;
  /** What the log tells of it, when it leaves the straight way. */
  trail: ExchangeTrail | undefined;
  /** Undefined: the gateway does not trace. */
  trace: ExchangeTrace | undefined;
  /** The gateway answers it itself, or a policy, a guard or an interceptor does. */
  #isAnswered = false;
  /** What is under way for it; set while something is. */
  underWay: UnderWay | undefined;
  identity: Identity | undefined;
  /** The upgrade that the client may have, if the backend agrees. */
  upgrade: Upgrade | undefined;
  /** The upgrade is made: its connections belong to a tunnel, whose end is the exchange's. */
  tunnelled = false;
  /** What the tunnel has told of itself; set when it has ended. */
  tunnel: TunnelRecord | undefined;
  /** What it carries, once its response has turned out to be an event stream. */
  stream: EventStream | undefined;
  /** Where it has taken a place among the streams or tunnels; it is left when the exchange is over. */
  places: Places | undefined;
  /** What it has taken of the memory for slow clients; given back when it is over. */
  borrowed: Borrowed | undefined;
  /** What policies have taken for it; released when it is over. */
  held: Releasable[] | undefined;
  /** Set once the client has let in connections by credentials: what it asks for goes over connections of its own. */
  tie: ClientTie | undefined;
  /** What guards and interceptors see of its response; undefined where the application has none. */
  response: ExchangeWatcher | undefined;
  /** Its place among the exchanges of its connection on HTTP/2, kept by these; -1: it has none. */
  slot = -1;
  /** What policies have changed; undefined while they have changed nothing, which is the rule. */
  #edits: FieldEdits | undefined;

  constructor(
    readonly id: string,
    readonly method: string,
    readonly head: RequestHead,
    readonly listenerInfo: ListenerInfo,
    public responder: Responder,
    /** The client's request as it came. */
    readonly message: ClientMessage,
    readonly client: Client,
    /** By what the gateway makes itself known. */
    readonly signature: Signature,
    /** When its head was there. */
    openedAt?: number,
  ) {
    this.times = new ExchangeTimes(openedAt);
  }

  get clientIp(): string {
    return this.client.ip;
  }

  get host(): string {
    return this.location.host;
  }

  get path(): string {
    return this.location.path;
  }

  get query(): string | undefined {
    return this.location.query;
  }

  get routingPath(): string {
    return this.location.routingPath;
  }

  get plan(): RoutePlan | undefined {
    return this.location.plan;
  }

  get headers(): Readonly<IncomingHttpHeaders> {
    return this.message.headers;
  }

  get rawHeaders(): readonly string[] {
    return this.message.rawHeaders;
  }

  get hasBody(): boolean {
    return this.head.hasBody;
  }

  get scheme(): 'http' | 'https' {
    return this.listenerInfo.scheme;
  }

  get listener(): string {
    return this.listenerInfo.name;
  }

  get httpVersion(): string {
    return this.message.httpVersion;
  }

  get routeName(): string | undefined {
    return this.plan?.name;
  }

  get backendId(): string | undefined {
    return this.backend?.id;
  }

  get errorCode(): string | undefined {
    return this.error?.code;
  }

  get errorReason(): string | undefined {
    return this.error?.cause ?? this.trail?.refusal;
  }

  get bytesIn(): number {
    return this.body?.bytes ?? this.upgrade?.bytesIn ?? 0;
  }

  get events(): number | undefined {
    return this.stream?.events;
  }

  get resumes(): number | undefined {
    return this.stream?.resumes;
  }

  /** The client asks for an event stream by name. */
  get wantsEvents(): boolean {
    return acceptsEventStream(this.head.accept);
  }

  /** Takes one of the places for what lasts; it has one at most. False: there is none. */
  takePlace(places: Places): boolean {
    if (this.places !== undefined) return true;
    if (!places.tryEnter()) return false;
    this.places = places;
    return true;
  }

  /**
   * The client takes trailers behind the body of its answer; an upgrade has neither. Browsers say so with every request on HTTP/2, and
   * have no use for them: there only a request with a body is believed.
   */
  get acceptsTrailers(): boolean {
    const { head } = this;
    return head.acceptsTrailers && this.upgrade === undefined && (head.hasBody || this.httpVersion !== '2.0');
  }

  get via(): string {
    return this.signature.via(this.httpVersion);
  }

  get policies(): readonly RequestPolicy[] {
    return this.plan?.policies ?? noPolicies;
  }

  /** The client waits for a 100 (Continue) before it sends its body. */
  get expectsContinue(): boolean {
    return this.head.expect !== undefined && this.body !== undefined && this.body.whole === undefined;
  }

  /** On HTTP/2 the end of the head need not be that of the request: whether a body follows may show only behind it. */
  get mayHaveNoBody(): boolean {
    return this.httpVersion === '2.0' && this.body !== undefined && this.head.chunked && !this.expectsContinue;
  }

  /** The gateway could take more of the client's body at once, and the client has not sent it. */
  get awaitsBody(): boolean {
    return this.body?.awaited === true;
  }

  /** It holds a place at a backend while its client sends, and others wait for such a place. */
  get isPressed(): boolean {
    return this.underWay?.isPressed === true;
  }

  /** The client waits for a 100 (Continue) that it has not been sent, and so may hold its body back. */
  get withholdsContinue(): boolean {
    return this.bytesIn === 0 && this.responder.withholdsContinue === true;
  }

  /** What the client gets is decided: no backend is to be asked any more. */
  get isDecided(): boolean {
    return this.error !== undefined || this.#isAnswered || this.times.closedAt !== 0;
  }

  setRequestHeader(name: string, value?: string): void {
    if (value !== undefined && name.toLowerCase() === 'authorization' && authenticatesConnection(value))
      this.tie ??= tieFor(this.message);
    (this.#edits ??= new FieldEdits()).setRequest(name, value);
  }

  setResponseHeader(name: string, value: string): void {
    (this.#edits ??= new FieldEdits()).setResponse(name, value);
  }

  onClose(held: Releasable): void {
    if (this.times.closedAt === 0) (this.held ??= []).push(held);
    else release([held]);
  }

  /** Applies what policies have asked for to the fields of a request for a backend, in place. */
  editRequest(headers: RawHeaders): void {
    this.#edits?.editRequest(headers);
  }

  /** The trailer fields of its request that a backend may get: what is changed in its head is not to come back behind its body. */
  passedTrailers(raw: RawHeaders): RawHeaders {
    const { head, plan } = this;
    const fields = head.trailers(raw);
    if (fields.length === 0) return fields;
    const rules = plan?.action.kind === 'forward' ? plan.action.requestRules : undefined;
    return unedited(fields, this.#edits, rules, plan?.takesUnderscores !== false);
  }

  /** The trailer fields of a response that the client may get. */
  shownTrailers(raw: readonly (Buffer | string)[]): RawHeaders {
    const { plan, signature } = this;
    return shown(trailerFields(raw), this.#edits, plan?.responseRules, signature);
  }

  /** Edits the fields of a response in place, as the route and its policies ask: a backend's response, or the gateway's own. */
  editResponse(headers: RawHeaders): void {
    if (this.trail?.keepsResponse === true) this.trail.response = headers;
    this.signature.tell(headers, this.id);
    (this.plan === undefined ? this.responseDefaults : this.plan.responseDefaults)?.apply(headers, this);
    this.#edits?.editResponse(headers);
  }

  /** Makes the request's body, if it has one, ready to be carried. `limit`: bytes, 0 = none; `hold`: bytes that are kept for retries. */
  openBody(limit: number, hold: number): void {
    const { head } = this;
    if (head.hasBody)
      this.body = new ClientBody(this.message, head.chunked ? undefined : head.contentLength, limit, hold, this);
  }

  /** The body has turned out to be none: no framing may say otherwise. */
  dropBody(): void {
    this.body = undefined;
    this.head.transferEncoding = undefined;
  }

  /** Ends the exchange with an error: a problem document, unless there is another `response`, or, when that is under way, a visible break. */
  fail(error: GatewayError, response?: LocalResponse): void {
    if (this.error !== undefined) return;
    // What was answered stands, also where a guard, an interceptor or a policy throws afterwards.
    if (this.#isAnswered && (error.code === 'DENIED' || error.code === 'INTERNAL')) return;
    this.error = error;
    this.#letGo();
    if (error.code === 'CLIENT_ABORTED') {
      this.status = error.status;
      this.responder.abort();
    } else if (this.responder.headSent) {
      this.responder.abort();
    } else {
      this.respond(response ?? problemResponse(error, this.id));
    }
  }

  /** Ends the exchange with what a policy has decided. */
  settle(verdict: NonNullable<Verdict>): void {
    if (!(verdict instanceof Answer)) return this.fail(verdict);
    if (verdict.reason !== undefined) (this.trail ??= new ExchangeTrail()).refusal = verdict.reason;
    this.answer(verdict.response);
  }

  /** Answers in place of what is under way, unless the client is being answered. */
  answer(response: LocalResponse): void {
    if (this.isDecided || this.status !== 0) return;
    this.#letGo();
    this.respond(response);
  }

  #letGo(): void {
    this.doubts?.blame();
    this.underWay?.giveUp();
    this.body?.release();
  }

  /** Answers with a response of the gateway's own. */
  respond({ status, headers, body }: LocalResponse): void {
    this.body?.release();
    this.#isAnswered = true;
    this.status = status;
    this.editResponse(headers);
    if (this.method !== 'HEAD') this.bytesOut = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
    this.responder.send(status, headers, body);
  }
}
