import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { UNIX_PEER } from '../../http/client-address.js';
import type { ListenerInfo } from './listener-info.js';

/** Name of the field that tells backends the subject of the client's certificate. */
export const subjectField = 'X-Client-Cert-Subject';
/** Name of the field that tells backends the fingerprint of the client's certificate. */
export const fingerprintField = 'X-Client-Cert-Fingerprint';

/** A certificate that a client has proved to hold, and that one of the listener's authorities has signed. */
export interface ClientCertificate {
  /** Its distinguished name as in RFC 4514, in printable ASCII: `CN=alice,O=Example`. */
  readonly subject: string;
  /** SHA-256 of the certificate, in lower-case hex. */
  readonly fingerprint: string;
}

/** What a listener has learned of a connection before its first request. */
export interface ClientConnection {
  /** Who the client is, as a trusted proxy has told by the PROXY protocol; the address is undefined where it has none. */
  readonly peer: { readonly address: string | undefined } | undefined;
  /** Bytes that came before the first of HTTP. */
  readonly prelude: number;
  readonly certificate: ClientCertificate | undefined;
  /** The proxy has not told who its client is, and so cannot vouch for what comes on the connection. Default: false. */
  readonly clientUnknown?: boolean;
}

/** A request of which what backends get can be changed. */
interface EditedRequest {
  /** Sets a field; without a value it is taken away. */
  setRequestHeader(name: string, value?: string): void;
}

const CONNECTION = Symbol('gatehouse.connection');
type IntroducedSocket = Socket & { [CONNECTION]?: ClientConnection };

/** Notes what a listener has learned of a connection, for the exchanges on it. */
export function introduce(socket: Socket, connection: ClientConnection): void {
  (socket as IntroducedSocket)[CONNECTION] = connection;
}

/** What was noted of a connection; undefined where nothing is known but its socket. */
export function introductionOf(socket: Socket): ClientConnection | undefined {
  return (socket as IntroducedSocket)[CONNECTION];
}

/**
 * The address of the other end: what a trusted proxy has told by the PROXY protocol, else that of the socket, or `unix`.
 * Undefined when the connection is gone, or the proxy's client has no address.
 */
export function peerOf(socket: Socket, listener: ListenerInfo): string | undefined {
  const told = introductionOf(socket)?.peer;
  if (told !== undefined) return told.address;
  return listener.unix ? UNIX_PEER : socket.remoteAddress;
}

/**
 * Tells backends of the client's certificate, and whoever looks at the `fields` of the request, which are changed. Without one, what
 * the client has sent under those names is taken away.
 */
export function identify(
  request: EditedRequest,
  fields: IncomingHttpHeaders,
  certificate: ClientCertificate | undefined,
): void {
  for (const [name, value] of [
    [subjectField, certificate?.subject],
    [fingerprintField, certificate?.fingerprint],
  ] as const) {
    request.setRequestHeader(name, value);
    if (value === undefined) Reflect.deleteProperty(fields, name.toLowerCase());
    else fields[name.toLowerCase()] = value;
  }
}

/** What a client may not say is nothing that a policy, a route or the log could be led by. */
export function forget(fields: IncomingHttpHeaders, forged: readonly string[]): void {
  for (const name of forged) Reflect.deleteProperty(fields, name);
}
