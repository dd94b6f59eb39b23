import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

/**
 * The socket that TLS runs over, undefined when it has gone.
 *
 * Reaches into Node 26: `_parent` of a TLS socket. A server makes the TLS socket itself and hands out no other name for what it made it of, but
 * what is known of a connection before TLS (the PROXY protocol, its place in the limits) is known of that one.
 */
export function carrierOf(socket: TLSSocket): Socket | undefined {
  return (socket as TLSSocket & { readonly _parent?: Socket | null })._parent ?? undefined;
}
