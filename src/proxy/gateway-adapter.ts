import { METHODS } from 'node:http';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { fastify } from 'fastify';
import { EXCHANGE, type WithExchange } from '../http/exchange-symbol.js';
import type { Exchange } from './exchange.js';

/** The URLs that Fastify knows: the handlers of the proxy controller, and of the one for event streams. */
export const handlerPaths = {
  open: '/open',
  policed: '/policed',
  events: '/events',
  eventsPoliced: '/events-policed',
} as const;

/**
 * The Fastify adapter that gateway traffic runs on. Routes are found by the gateway's own table before Fastify sees a
 * request, so Fastify gets the URL of a handler instead: it decodes no path and refuses none. All methods count as having
 * no body, so that no content type parser touches the stream.
 */
export function gatewayAdapter(): FastifyAdapter {
  const instance = fastify({ rewriteUrl: handlerPath, logger: false, exposeHeadRoutes: false });
  for (const method of METHODS) {
    if (method !== 'CONNECT') instance.addHttpMethod(method, { hasBody: false, overrideExisting: true });
  }
  // Read by the adapter as an option: no Express-style middleware, so no router of theirs on the way.
  instance.decorate('skipMiddie', true);
  // The adapter hooks each request half a dozen times for CORS, CSRF, versioning and its own 503: nothing that traffic uses.
  const { addHook } = instance;
  instance.addHook = () => instance;
  const adapter = new FastifyAdapter(instance);
  instance.addHook = addHook;
  return adapter;
}

/** Where no policy is to be asked no guard is run: Nest's guards cost about 3 % of an exchange. (`npm run bench`) */
function handlerPath(request: WithExchange<Exchange>): string {
  const exchange = request[EXCHANGE];
  const open = exchange?.policies.length === 0;
  if (exchange?.wantsEvents === true) return open ? handlerPaths.events : handlerPaths.eventsPoliced;
  return open ? handlerPaths.open : handlerPaths.policed;
}
