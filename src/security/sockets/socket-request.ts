import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { canonicalAddress } from '../../addresses/canonical-address.js';
import { parseHost } from '../../http/host.js';
import { newRequestId } from '../../http/request-id.js';
import { seenBy } from '../../platform/unrouted-request.js';
import { editField } from '../controllers/edit-field.js';
import type { Identity, PolicyContext, Releasable } from '../policy.js';
import { handshakeOf } from './handshakes.js';
import { SocketPlaces, type ClientSocket } from './socket-places.js';

const sockets = new WeakMap<object, OpenSocket>();
/** By the arguments of a call, which all guards of a message see. */
const messages = new WeakMap<object, SocketRequest>();

/** What the handshake of a socket says, read once. */
class OpenSocket {
  readonly id = newRequestId();
  readonly host: string;
  readonly path: string;
  readonly query: string | undefined;
  readonly clientIp: string;
  readonly scheme: 'http' | 'https';
  readonly places: SocketPlaces;
  /** The identity of the last message that policies have let pass. */
  identity: Identity | undefined;

  constructor(
    readonly handshake: IncomingMessage,
    client: ClientSocket,
    platform: unknown,
  ) {
    const { ip, host, protocol } = seenBy(platform, handshake);
    const [path = '', ...query] = (handshake.url ?? '').split('?');
    this.host = parseHost(host ?? '')?.host ?? '';
    this.path = path;
    this.query = query.length === 0 ? undefined : query.join('?');
    this.clientIp = canonicalAddress(ip ?? '') ?? 'unix';
    this.scheme = protocol === 'https' ? 'https' : 'http';
    this.places = new SocketPlaces(client);
  }
}

/** A message to a gateway of your own, for policies: they see the handshake of its socket, and each message anew. */
export class SocketRequest implements PolicyContext {
  readonly protocol = 'websocket';
  readonly hasBody = false;
  identity: Identity | undefined;
  #headers: IncomingHttpHeaders | undefined;

  private constructor(
    private readonly socket: OpenSocket,
    /** What the message says, as the adapter has parsed it. */
    readonly data: unknown,
    /** The policies that are asked at present. */
    private asking: object,
  ) {}

  /**
   * The same object for each guard that a message passes. `given`: the arguments of its context; `platform`: the instance of the HTTP platform.
   * @throws Error when the handshake of the socket is not known.
   */
  static of(given: readonly unknown[], platform: unknown): SocketRequest {
    let message = messages.get(given);
    if (message === undefined) {
      const [client, data] = given as readonly [ClientSocket, unknown];
      message = new SocketRequest(socketOf(client, platform), data, given);
      messages.set(given, message);
    }
    return message;
  }

  /** The identity of the last message of a socket that policies have let pass. */
  static identityOf(client: object): Identity | undefined {
    return sockets.get(client)?.identity;
  }

  /** The id of a socket in problem documents and logs; a new one where no policy has seen a message of it. */
  static idOf(client: object): string {
    return sockets.get(client)?.id ?? newRequestId();
  }

  /** The policies of a list are asked now: what they take belongs to it. */
  ask(list: object): void {
    this.asking = list;
    this.socket.places.renew(list);
  }

  /** The list has let the message pass. */
  admit(): void {
    this.socket.identity = this.identity;
  }

  /** The list has denied the message, and needs nothing for it. */
  deny(list: object): void {
    this.socket.places.renew(list);
  }

  get id(): string {
    return this.socket.id;
  }

  get method(): string {
    return this.socket.handshake.method ?? 'GET';
  }

  get host(): string {
    return this.socket.host;
  }

  get path(): string {
    return this.socket.path;
  }

  get query(): string | undefined {
    return this.socket.query;
  }

  get scheme(): 'http' | 'https' {
    return this.socket.scheme;
  }

  get clientIp(): string {
    return this.socket.clientIp;
  }

  get headers(): Readonly<IncomingHttpHeaders> {
    return this.#headers ?? this.socket.handshake.headers;
  }

  get rawHeaders(): readonly string[] {
    return this.socket.handshake.rawHeaders;
  }

  /** For the policies of this message alone: the next message is asked about with the handshake as it was. */
  setRequestHeader(name: string, value?: string): void {
    editField((this.#headers ??= { ...this.socket.handshake.headers }), name, value);
  }

  /** A message has no response with fields. */
  setResponseHeader(): void {}

  onClose(held: Releasable): void {
    this.socket.places.add(this.asking, held);
  }
}

function socketOf(client: ClientSocket, platform: unknown): OpenSocket {
  let socket = sockets.get(client);
  if (socket === undefined) {
    const handshake = handshakeOf(client);
    if (handshake === undefined) {
      throw new Error(
        'policies do not know the handshake of this socket: handleConnection of its gateway must be a method, and not a property',
      );
    }
    sockets.set(client, (socket = new OpenSocket(handshake, client, platform)));
  }
  return socket;
}
