import { createNamedDecorator } from '../../extension/named.js';

/** A backend that a discovery has found: an entry of `backends` in its long form. */
export interface FoundBackend {
  /** `http://…` or `https://…` with host and port and without a path, or `unix:/path`. */
  readonly url: string;
  /** Its name in metrics, logs and hashes, the same for as long as it is the same server. Default: host:port, or the path of the socket. */
  readonly id?: string | undefined;
  /** Share of the traffic relative to its siblings, 1..1000. Default: 1. */
  readonly weight?: number | undefined;
  /** Used only when no other backend is available. Default: false. */
  readonly backup?: boolean | undefined;
}

/**
 * Finds the backends of an upstream, from the start of the gateway to its end. Each upstream that names the discovery has its own instance, so state
 * is a plain field.
 */
export interface BackendDiscovery {
  /**
   * Looks for backends until `signal` is aborted; it should then close what it has opened, and what it publishes no longer counts.
   *
   * `publish` takes all backends that there are, at most 10,000, and is to be called for each good answer, also for one that says the same as
   * the last. The list is copied. One that cannot be used (two backends with one id, a URL with a path) counts as a failure.
   *
   * `failed` says that an attempt to find them has failed: the last ones stay. The log has a line when that begins and one at the next list.
   *
   * An error that it throws is a failure as well; it is then called again, after a second, and later after up to 30 seconds, with a `signal` of its own. It
   * is not called again when it returns.
   */
  watch(
    publish: (backends: readonly FoundBackend[]) => void,
    signal: AbortSignal,
    failed: (error: unknown) => void,
  ): void | Promise<void>;
}

/**
 * Names a discovery: `@Discovery('consul')`, or `@Discovery('consul', { options: ConsulOptions })` for one that takes options by `configure`.
 * Provide the class in any module and write the name under `upstreams.*.discovery`.
 *
 * @example
 * ```ts
 * @Discovery('registry')
 * class Registry implements BackendDiscovery {
 *   async watch(publish: (backends: readonly FoundBackend[]) => void, signal: AbortSignal): Promise<void> {
 *     for await (const { body } of changesOf('http://registry:8500/orders', signal)) publish(body.map(({ host, port }) => ({ url: `http://${host}:${port}` })));
 *   }
 * }
 * ```
 */
export const Discovery = createNamedDecorator<BackendDiscovery>('discovery');
