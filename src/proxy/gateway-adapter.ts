import { METHODS } from 'node:http';
import { FastifyAdapter } from '@nestjs/platform-fastify';

/**
 * The Fastify adapter that gateway traffic runs on. Routes are found by the gateway's own table before Fastify sees a
 * request, so Fastify gets one constant URL: it decodes no path and refuses none. All methods count as having no
 * body, so that no content type parser touches the stream.
 */
export function gatewayAdapter(): FastifyAdapter {
  const adapter = new FastifyAdapter({
    rewriteUrl: () => '/',
    logger: false,
    exposeHeadRoutes: false,
    skipMiddie: true,
  });
  const instance = adapter.getInstance();
  for (const method of METHODS) {
    if (method !== 'CONNECT') instance.addHttpMethod(method, { hasBody: false, overrideExisting: true });
  }
  return adapter;
}
