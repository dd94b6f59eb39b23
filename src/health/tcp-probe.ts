import { once } from 'node:events';
import { connect } from 'node:net';
import type { Backend } from '../upstream/backend.js';
import { hostOf } from '../upstream/backend-tls.js';
import { failure } from './failure.js';
import { Probe, type HealthProbe, type ProbeResult } from './probe.js';

/** Healthy: a connection can be opened. It is closed at once, without a byte; of an `https` backend too. */
@Probe('tcp')
export class TcpProbe implements HealthProbe {
  async check(backend: Backend, signal: AbortSignal): Promise<ProbeResult> {
    const { url, socketPath } = backend;
    const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
    const socket = connect({
      ...(socketPath === undefined ? { host: hostOf(backend), port } : { path: socketPath }),
      signal,
    });
    try {
      await once(socket, 'connect');
      return { healthy: true };
    } catch (error) {
      return failure(error);
    } finally {
      socket.on('error', () => undefined).destroy();
    }
  }
}
