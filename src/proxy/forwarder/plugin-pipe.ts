import type { Socket } from 'node:net';
import { duplexPair, type Duplex } from 'node:stream';

/** The two ends of a pipe that stands between the backend's connection, as http-proxy-middleware carries it, and the tunnel. */
export interface PluginPipe {
  /** What the library and its plug-ins take for the client's connection. */
  readonly client: Socket;
  /** What the tunnel takes for the backend's. */
  readonly backend: Duplex;
}

/** Makes a pipe. The library writes a response head of its own into it first, which goes nowhere: the gateway has sent one. */
export function pluginPipe(): PluginPipe {
  const [near, far] = duplexPair();
  const knobs = { setTimeout: () => far, setNoDelay: () => far, setKeepAlive: () => far };
  const write = far.write.bind(far) as Duplex['write'];
  const skipHead = (): boolean => {
    far.write = write;
    return true;
  };
  Object.assign(far, knobs, { write: skipHead });
  far
    .on('error', () => {})
    .once('close', () => near.destroy())
    // What was meant for a connection that has closed is read here, as the tunnel would wait for it to be taken. Behind the library's unpiping.
    .once('pipe', connection => connection.once('close', () => setImmediate(() => far.resume().end())));
  near.once('close', () => far.destroy());
  return { client: far as unknown as Socket, backend: near };
}
