import { createNamedDecorator } from '../extension/named.js';
import type { Backend } from '../upstream/backend.js';

/**
 * What a probe found; `reason` is for people, one line: it stands in the log and in `/health`. `inconclusive`: it could not ask, for a
 * reason that has nothing to do with the backend, and counts neither way.
 */
export type ProbeResult =
  { readonly healthy: true } | { readonly healthy: false; readonly reason: string; readonly inconclusive?: true };

/**
 * Asks a backend once whether it can serve. When to ask, and how many failures in a row count, is not its business. One instance
 * for each upstream that names the probe, so state is a plain field.
 */
export interface HealthProbe {
  /**
   * `signal` is aborted when the time is up: the probe should then let go of what it holds; its result no longer counts. What
   * it throws is a failure, with the message as its reason; but what says that the process has no descriptor left (EMFILE) is inconclusive.
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
