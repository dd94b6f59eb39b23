import { connectionFields } from '../fields/connection-fields.js';
import { foldName } from '../fields/fold-name.js';
import { forwardingNames, isOfFamily } from '../fields/forwarding-fields.js';
import { NameSieve } from '../fields/name-sieve.js';
import { fieldsWhere } from './field-names.js';
import { isMessageField } from './message-fields.js';
import type { RawHeaders } from '../fields/raw-headers.js';

/** What becomes of a field of a request. Those that have no kind pass as they came. */
export type FieldKind =
  /** It ends at this hop. */
  | 'drop'
  /** Proxies tell of clients by it: it passes where it comes from a trusted one. */
  | 'forwarding'
  /** Only the gateway says who has proved to hold a certificate. */
  | 'certificate'
  /** The gateway acts on its value. */
  | 'host'
  | 'connection'
  | 'te'
  | 'transfer-encoding'
  | 'content-length'
  | 'expect'
  | 'via'
  | 'forwarded'
  | 'forwarded-for'
  | 'forwarded-proto'
  | 'forwarded-host'
  | 'forwarded-port'
  | 'real-ip'
  | 'request-id'
  | 'explain'
  | 'traceparent'
  | 'tracestate'
  | 'trailer'
  | 'accept'
  | 'authorization'
  | 'max-forwards';

const builtIn: readonly (readonly [name: string, kind: FieldKind])[] = [
  ...Array.from(connectionFields, name => [name, 'drop'] as const),
  // Of these the gateway reads the value before it drops them.
  ['connection', 'connection'],
  ['te', 'te'],
  ['transfer-encoding', 'transfer-encoding'],
  ['content-length', 'content-length'],
  ['expect', 'expect'],
  ['host', 'host'],
  ['via', 'via'],
  ['x-client-cert-subject', 'certificate'],
  ['x-client-cert-fingerprint', 'certificate'],
  ['x-gateway-explain', 'explain'],
  ['max-forwards', 'max-forwards'],
  ['trailer', 'trailer'],
  ['accept', 'accept'],
  ['authorization', 'authorization'],
  ['forwarded', 'forwarded'],
  ['x-forwarded-for', 'forwarded-for'],
  ['x-forwarded-proto', 'forwarded-proto'],
  ['x-forwarded-host', 'forwarded-host'],
  ['x-forwarded-port', 'forwarded-port'],
  ['x-real-ip', 'real-ip'],
];

/** What the configuration says of the fields of requests. Names in lower case. */
interface RequestFieldSettings {
  /** `forwardedFields`: names beside the built-in ones, and names of those that are fields like any other. */
  readonly forwardedFields: { readonly add: readonly string[]; readonly keep: readonly string[] };
  /** `requestId.header`. */
  readonly requestId: string;
  /** The gateway reads and makes the trace context; default false: it passes as it came. */
  readonly traces?: boolean;
}

const defaults: RequestFieldSettings = { forwardedFields: { add: [], keep: [] }, requestId: 'x-request-id' };

/** The list of all names that a request's fields may not simply have, for its head and for its trailers alike. Immutable. */
export class RequestFieldRules {
  readonly #kinds: Map<string, FieldKind>;
  readonly #kept: ReadonlySet<string>;
  readonly #suspects: NameSieve;

  constructor({ forwardedFields: { add, keep }, requestId, traces }: RequestFieldSettings = defaults) {
    this.#kept = new Set(keep.map(foldName));
    this.#kinds = new Map<string, FieldKind>(builtIn);
    for (const name of forwardingNames) if (!this.#kept.has(name) && !this.#kinds.has(name)) this.#learn(name);
    for (const name of add) this.#learn(name);
    this.#kinds.set(requestId, 'request-id');
    if (traces === true) this.#kinds.set('traceparent', 'traceparent').set('tracestate', 'tracestate');
    this.#suspects = new NameSieve(this.#kinds.keys());
    // Of the families every name counts, and all of them begin so.
    this.#suspects.addAllOf('x');
  }

  /** False: the name, in any spelling, has no kind. Cheap, and true for a few that have none. */
  isSuspect(name: string): boolean {
    return this.#suspects.mayHave(name);
  }

  /** `lower`: the name in lower case. Look-alikes have the kind of what they look like only when they are folded before. */
  kindOf(lower: string): FieldKind | undefined {
    return this.#kinds.get(lower) ?? (isOfFamily(lower) && !this.#kept.has(lower) ? 'forwarding' : undefined);
  }

  /**
   * The trailer fields that a backend may get: not those that are changed or held back in a head, nor what frames, routes or
   * authenticates a message (RFC 9110 §6.5.1), nor look-alikes: many servers merge trailers into the head.
   */
  trailers(raw: RawHeaders): RawHeaders {
    return fieldsWhere(raw, (_, folded) => this.kindOf(folded) === undefined && !isMessageField(folded));
  }

  #learn(name: string): void {
    for (const each of [name, foldName(name)]) if (!this.#kinds.has(each)) this.#kinds.set(each, 'forwarding');
  }
}
