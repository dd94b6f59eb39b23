import type { Type } from '@nestjs/common';
import { MetadataScanner, type ExternalContextCreator } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';

import { EventFeed, sendFeed } from './feeds/event-feed.js';
import { methodOn, pathOn, ROUTE_ARGS_METADATA, RouteParamtypes } from '../platform/nest-metadata.js';

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/**
 * The part of a reply that a handler may use. Handlers do not get the Fastify reply itself: it is a thenable, and Nest would
 * wait until the answer is sent.
 */
export class HeldReply {
  constructor(private readonly reply: FastifyReply) {}

  header(name: string, value: string): this {
    void this.reply.header(name, value);
    return this;
  }
}

/** A route that is served: its method, and its pattern as Fastify writes it. */
export interface MountedRoute {
  readonly method: string;
  readonly url: string;
}

/** Parameters of handlers, by their decorators. */
const parameters = {
  exchangeKeyForValue(type: number, _: unknown, [request, reply]: [FastifyRequest, FastifyReply]): unknown {
    switch (type as RouteParamtypes) {
      case RouteParamtypes.REQUEST:
        return request;
      case RouteParamtypes.RESPONSE:
        return new HeldReply(reply);
      default:
        throw new Error(`a handler of the admin listener has a parameter of a kind that is not known here: ${type}`);
    }
  },
};

/**
 * Serves a controller of the application on a Fastify instance that is not the application's: by the paths and methods of its
 * decorators. Guards, interceptors and filters of the application do not run: only the admin listener decides which clients may
 * read the health. Gives its routes. A GET leads to those that take POST as well, so that it can be refused by what the path is for; its handler is
 * not reached. `bodyLimits`: bytes of the largest bodies by routes, where they are not the usual ones.
 */
export function mountController(
  fastify: FastifyInstance,
  controller: object,
  contexts: ExternalContextCreator,
  bodyLimits?: ReadonlyMap<string, number>,
): readonly MountedRoute[] {
  const mounted: MountedRoute[] = [];
  const { constructor } = controller as { constructor: Type<object> };
  const prefix = pathOn(constructor);
  const prototype = constructor.prototype as Record<string, Handler>;
  for (const name of new MetadataScanner().getAllMethodNames(prototype)) {
    const handler = prototype[name]!;
    const method = methodOn(handler);
    if (method === undefined) continue;
    const url = `/${[prefix, pathOn(handler)].filter(part => part !== '').join('/')}`;
    const bodyLimit = bodyLimits?.get(url);
    const run = contexts.create(
      controller as never,
      handler as (...given: unknown[]) => unknown,
      name,
      ROUTE_ARGS_METADATA,
      parameters as never,
      undefined,
      undefined,
      { guards: false, interceptors: false, filters: false },
      'http',
    ) as Handler;
    fastify.route({
      method: method as HTTPMethods,
      url,
      ...(bodyLimit !== undefined && { bodyLimit }),
      handler: async (request, reply) => {
        const answer = await run(request, reply);
        if (!(answer instanceof EventFeed)) return answer;
        sendFeed(request, reply, answer);
        return reply;
      },
    });
    mounted.push({ method, url });
    if (method !== 'POST') continue;
    fastify.route({ method: 'GET', url, handler: (_, reply) => reply.callNotFound() });
  }
  return mounted;
}
