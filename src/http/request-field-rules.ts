import { fieldsWhere, foldName } from './field-names.js';
import { forwardingNames, isOfFamily } from './forwarding-fields.js';
import { isMessageField } from './message-fields.js';
import type { RawHeaders } from './raw-headers.js';

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
  | 'trailer'
  | 'accept'
  | 'authorization'
  | 'max-forwards';

const builtIn: readonly (readonly [name: string, kind: FieldKind])[] = [
  ['connection', 'connection'],
  ['keep-alive', 'drop'],
  ['proxy-connection', 'drop'],
  ['proxy-authenticate', 'drop'],
  ['proxy-authorization', 'drop'],
  ['upgrade', 'drop'],
  ['http2-settings', 'drop'],
  ['te', 'te'],
  ['transfer-encoding', 'transfer-encoding'],
  ['content-length', 'content-length'],
  ['expect', 'expect'],
  ['host', 'host'],
  ['via', 'via'],
  ['x-client-cert-subject', 'certificate'],
  ['x-client-cert-fingerprint', 'certificate'],
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

/** Names of 64 characters or more share a place. */
const longest = 63;
const X = 0x78;

/** What the configuration says of the fields of requests. Names in lower case. */
export interface RequestFieldSettings {
  /** `forwardedFields`: names beside the built-in ones, and names of those that are fields like any other. */
  readonly forwardedFields: { readonly add: readonly string[]; readonly keep: readonly string[] };
  /** `requestId.header`. */
  readonly requestId: string;
}

const defaults: RequestFieldSettings = { forwardedFields: { add: [], keep: [] }, requestId: 'x-request-id' };

/** The list of all names that a request's fields may not simply have, for its head and for its trailers alike. Immutable. */
export class RequestFieldRules {
  readonly #kinds: Map<string, FieldKind>;
  readonly #kept: ReadonlySet<string>;
  /** By first letter and length: what is 0 here is the name of no field that has a kind. */
  readonly #suspects = new Uint8Array(32 * (longest + 1));

  constructor({ forwardedFields: { add, keep }, requestId }: RequestFieldSettings = defaults) {
    this.#kept = new Set(keep.map(foldName));
    this.#kinds = new Map<string, FieldKind>(builtIn);
    for (const name of forwardingNames) if (!this.#kept.has(name) && !this.#kinds.has(name)) this.#learn(name);
    for (const name of add) this.#learn(name);
    this.#kinds.set(requestId, 'request-id');
    for (const name of this.#kinds.keys()) this.#suspects[placeOf(name)] = 1;
    // Of the families every name counts.
    for (let length = 0; length <= longest; length++) this.#suspects[(X & 31) * (longest + 1) + length] = 1;
  }

  /** False: the name, in any spelling, has no kind. Cheap, and true for a few that have none. */
  isSuspect(name: string): boolean {
    return this.#suspects[placeOf(name)] === 1;
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

/** Letters differ in their last five bits, whatever their case; other first characters share places with them. */
function placeOf(name: string): number {
  const { length } = name;
  return (name.charCodeAt(0) & 31) * (longest + 1) + (length > longest ? longest : length);
}
