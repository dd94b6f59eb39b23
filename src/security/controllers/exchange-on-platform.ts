import type { ServerResponse } from 'node:http';
import { ExpressExchange, type ExpressRequest } from './express-exchange.js';
import { FastifyExchange, type FastifyReply, type FastifyRequest } from './fastify-exchange.js';
import type { PlatformExchange } from './platform-exchange.js';

/** The request and the response of a handler's context of type `http`. */
export function platformExchange(request: object, response: object): PlatformExchange {
  // Fastify keeps Node's request in its own; that of Express is Node's.
  return 'raw' in request
    ? new FastifyExchange(request as FastifyRequest, response as FastifyReply)
    : new ExpressExchange(request as ExpressRequest, response as ServerResponse);
}
