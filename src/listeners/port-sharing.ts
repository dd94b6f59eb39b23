import { createServer } from 'node:net';
import { StartError } from './start-error.js';

/** Systems on which several sockets may listen on one port, and the system deals the connections out among them (Node's `reusePort`, SO_REUSEPORT). */
const able: readonly NodeJS.Platform[] = ['linux', 'freebsd', 'sunos', 'aix'];

/** Whether several sockets may listen on one port. */
export function canSharePorts(platform: NodeJS.Platform = process.platform): boolean {
  return able.includes(platform);
}

/** Listeners let other sockets listen on their ports: a successor of this process takes over without a moment in which nothing listens. */
export interface PortSharing {
  /** The predecessor still listens there. Otherwise an address on which something listens is refused, as always. */
  readonly beside: boolean;
}

/** Token of {@link PortSharing}; nothing is provided where ports are not shared. */
export const PORT_SHARING = Symbol('gatehouse.port-sharing');

/** The address of a listener. */
interface SharedAddress {
  readonly name: string;
  readonly host: string;
  readonly port?: number | undefined;
  readonly unix?: string | undefined;
}

/**
 * Throws a StartError when something listens on one of these addresses already: a socket that shares its port would share it with that program as well, if it
 * allows it. `own`: ports on which this process listens.
 */
export async function checkFree(
  listeners: readonly SharedAddress[],
  own: ReadonlySet<number> = new Set(),
): Promise<void> {
  for (const { host, name, port, unix } of listeners) {
    if (unix !== undefined || port === undefined || port === 0 || own.has(port)) continue;
    const server = createServer();
    const free = Promise.withResolvers<void>();
    server.once('error', free.reject).listen({ host, port, exclusive: true }, () => server.close(() => free.resolve()));
    await free.promise.catch(StartError.rethrow(`listener "${name}": cannot listen on ${addressOf(host, port)}`));
  }
}

function addressOf(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
