import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { UNIX_PEER } from '../../http/client-address.js';
import type { ListenerInfo } from './listener-info.js';

/** Name of the field that tells backends the subject of the client's certificate. */
const subjectField = 'X-Client-Cert-Subject';
/** Name of the field that tells backends the fingerprint of the client's certificate. */
const fingerprintField = 'X-Client-Cert-Fingerprint';

/** A certificate that a client has proved to hold, and that one of the listener's authorities has signed. */
export interface ClientCertificate {
  /** Its distinguished name as in RFC 4514, in printable ASCII: `CN=alice,O=Example`. */
  readonly subject: string;
  /** SHA-256 of the certificate, in lower-case hex. */
  readonly fingerprint: string;
}

/** What a listener has learned about a connection before its first request. */
interface ClientConnection {
  /** The client, where a trusted proxy has named it by the PROXY protocol; the address is undefined where the proxy gave none. */
  readonly peer: { readonly address: string | undefined } | undefined;
  /** Bytes that came before the first of HTTP. */
  readonly prelude: number;
  readonly certificate: ClientCertificate | undefined;
  /** The proxy has not named its client, and so cannot vouch for what comes on the connection. Default: false. */
  readonly clientUnknown?: boolean;
}

/** A request whose fields for the backend can be changed. */
interface EditedRequest {
  /** Sets a field; without a value it is taken away. */
  setRequestHeader(name: string, value?: string): void;
}

const CONNECTION = Symbol('gatehouse.connection');
type IntroducedSocket = Socket & { [CONNECTION]?: ClientConnection };

/** Notes on a socket what a listener has learned about its connection, for the exchanges that follow. */
export function introduce(socket: Socket, connection: ClientConnection): void {
  (socket as IntroducedSocket)[CONNECTION] = connection;
}

/** What {@link introduce} has noted on a socket; undefined where it was not called. */
export function introductionOf(socket: Socket): ClientConnection | undefined {
  return (socket as IntroducedSocket)[CONNECTION];
}

/**
 * The address of the client: the one that a trusted proxy gave by the PROXY protocol, else that of the socket, or `unix` on a unix socket.
 * Undefined when the connection is gone, or the proxy gave no address.
 */
export function peerOf(socket: Socket, listener: ListenerInfo): string | undefined {
  const told = introductionOf(socket)?.peer;
  if (told !== undefined) return told.address;
  return listener.unix ? UNIX_PEER : socket.remoteAddress;
}

/**
 * Puts the client's certificate into the request for the backend and into the parsed `fields`, which policies, routes and the log read. Without
 * a certificate, fields of these names that the client has sent itself are removed from both.
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

/** Removes fields that the client may not send from the parsed fields, so that no policy, route or log line is misled by them. */
export function forget(fields: IncomingHttpHeaders, forged: readonly string[]): void {
  for (const name of forged) Reflect.deleteProperty(fields, name);
}
