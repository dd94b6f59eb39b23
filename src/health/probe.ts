import { createNamedDecorator } from '../extension/named.js';
import type { Backend } from '../upstream/backend.js';

/**
 * What a probe found; `reason` is for people, one line: it stands in the log and in `/health`. `inconclusive`: the probe could
 * not ask for a reason outside the backend, so the result counts neither as a success nor as a failure.
 */
export type ProbeResult =
  { readonly healthy: true } | { readonly healthy: false; readonly reason: string; readonly inconclusive?: true };

/**
 * Asks a backend once whether it can serve. The caller decides when to ask and how many failures in a row count. Each upstream
 * that names the probe has its own instance, so state is a plain field.
 */
export interface HealthProbe {
  /**
   * `signal` is aborted when the time is up: the probe should then close what it has opened; its result no longer counts. An
   * error that it throws is a failure with the message as its reason; an error that says that the process has no descriptor
   * left (EMFILE) is inconclusive.
   */
  check(backend: Backend, signal: AbortSignal): Promise<ProbeResult>;
}

/**
 * Names a probe: `@Probe('redis-ping')`, or `@Probe('redis-ping', { options: RedisPingOptions })` for one that takes options by
 * `configure`. Provide the class in any module and write the name under `upstreams.*.healthCheck.type`.
 *
 * @example
 * ```ts
 * @Probe('redis-ping')
 * class RedisPing implements HealthProbe {
 *   async check({ url }: Backend, signal: AbortSignal): Promise<ProbeResult> {
 *     const socket = connect({ host: url.hostname, port: Number(url.port), signal });
 *     socket.end('PING\r\n');
 *     const answer = await text(socket);
 *     return answer.startsWith('+PONG') ? { healthy: true } : { healthy: false, reason: `answered ${answer.trim()}` };
 *   }
 * }
 * ```
 */
export const Probe = createNamedDecorator<HealthProbe>('probe');
