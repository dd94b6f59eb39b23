import { Controller, Get, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { parseNetwork } from '../../addresses/network.js';
import { LiveViews } from '../live/live-views.js';
import { durationOf, queryOf, wrong, type Query } from '../query.js';
import type { EventFeed } from './event-feed.js';
import { LiveFeed } from './live-feed.js';
import { TailFeed } from './tail-feed.js';

/** What goes on, as it happens, by server-sent events: `/live` (a status a second) and `/tail` (each exchange that ends). */
@Controller()
export class FeedsController {
  constructor(
    private readonly views: LiveViews,
    private readonly live: LiveFeed,
    private readonly tails: TailFeed,
  ) {}

  @Get('live')
  status(@Req() request: FastifyRequest): EventFeed {
    queryOf(request, []);
    return this.live.feed();
  }

  @Get('tail')
  tail(@Req() request: FastifyRequest): EventFeed {
    const query = queryOf(request, ['route', 'upstream', 'backend', 'status', 'slowerThan', 'client']);
    const { route } = query;
    const routes = route === undefined ? undefined : this.views.routeNames(route);
    const { upstream, backend } = this.views.placeOf(query);
    return this.tails.feed({
      routes,
      upstream,
      backend,
      statuses: query['status']?.split(',').map(statusesOf),
      slowerThan: durationOf(query, 'slowerThan'),
      client: clientOf(query),
    });
  }
}

/** `404`, `5xx` or `400-499`. */
function statusesOf(text: string): readonly [number, number] {
  const [, digit] = /^([1-5])xx$/i.exec(text) ?? [];
  if (digit !== undefined) return [Number(digit) * 100, Number(digit) * 100 + 99];
  const [, from, to = from] = /^(\d{3})(?:-(\d{3}))?$/.exec(text) ?? [];
  if (from !== undefined && to !== undefined && Number(from) <= Number(to)) return [Number(from), Number(to)];
  throw wrong(`"status" must be a status such as 404, 5xx or 400-499, and not ${JSON.stringify(text)}.`);
}

function clientOf({ client }: Query): string | undefined {
  if (client === undefined) return undefined;
  try {
    parseNetwork(client);
    return client;
  } catch {
    throw wrong(`"client" must be an address or a range such as 10.0.0.0/8, and not ${JSON.stringify(client)}.`);
  }
}
