import type { Type } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { BackendPools } from './backend-pools.js';
import { HttpProxyMiddlewareForwarder, type LibraryPlugin } from './http-proxy-middleware-forwarder.js';
import { Forwarder, type ForwarderFactory } from './registered-forwarder.js';
import { Http1Forwarder } from './http1-forwarder.js';

/**
 * Token of a list of http-proxy-middleware plug-ins. Provide it in any module; the lists of all modules are joined, in
 * the order of the modules, and used by every upstream whose forwarder is `http-proxy-middleware`.
 */
export const HTTP_PROXY_MIDDLEWARE_PLUGINS = Symbol('HTTP_PROXY_MIDDLEWARE_PLUGINS');

/**
 * A plug-in of http-proxy-middleware, as its `definePlugin` makes one: a function of the library's server, whose events it listens to, and of its options. The types of both
 * are the library's, which only those who use it install.
 */
export type ProxyPlugin = (proxyServer: never, options: never) => void;

@Forwarder('default')
class Default implements ForwarderFactory {
  readonly keepsTimeouts = true;

  create(pools: BackendPools): Forwarder {
    return new Http1Forwarder(pools);
  }
}

/** The name that the default had when undici carried it. */
@Forwarder('undici')
class Undici extends Default {}

@Forwarder('http-proxy-middleware')
class HttpProxyMiddleware implements ForwarderFactory {
  readonly keepsTimeouts = true;

  constructor(private readonly discovery: DiscoveryService) {}

  create(pools: BackendPools): Forwarder {
    // Asked for by the first request: now, some of the modules may not be there yet.
    return new HttpProxyMiddlewareForwarder(pools, () => this.#plugins());
  }

  #plugins(): readonly LibraryPlugin[] {
    const lists = this.discovery
      .getProviders()
      .filter(provider => provider.token === HTTP_PROXY_MIDDLEWARE_PLUGINS && !provider.isAlias);
    return lists.flatMap(({ instance }) => instance as unknown as readonly LibraryPlugin[]);
  }
}

/** The factories of the forwarders that come with Gatehouse. */
export const builtinForwarders: readonly Type<ForwarderFactory>[] = [Default, Undici, HttpProxyMiddleware];
