import { Controller, Get, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type {
  CertificateView,
  ConfigView,
  ErrorListView,
  LastingListView,
  StatusView,
  VersionView,
} from './api/views.js';
import { choiceOf, numberOf, queryOf } from './query.js';
import { LiveViews } from './live/live-views.js';

/** How many are listed where the query does not say. */
const usual = 100;
/** The most that may be asked for. */
const most = 1_000;

/** What goes on now: `/status`, `/errors`, `/streams`, `/tunnels`, `/certificates`, `/config` and `/version`. */
@Controller()
export class StatusController {
  constructor(private readonly views: LiveViews) {}

  @Get('status')
  status(): Promise<StatusView> {
    return this.views.status();
  }

  @Get('errors')
  errors(@Req() request: FastifyRequest): Promise<ErrorListView> {
    const query = queryOf(request, ['limit', 'fault', 'route']);
    const fault = choiceOf(query, 'fault', ['client', 'gateway', 'backend']);
    const { route } = query;
    const routes = route === undefined ? undefined : new Set(this.views.routeNames(route));
    return this.views.errors(
      numberOf(query, 'limit', usual, most),
      failure => (fault === undefined || failure.fault === fault) && routes?.has(failure.route ?? 'none') !== false,
    );
  }

  @Get('streams')
  streams(@Req() request: FastifyRequest): Promise<LastingListView> {
    return this.views.lasting('stream', numberOf(queryOf(request, ['limit']), 'limit', usual, most));
  }

  @Get('tunnels')
  tunnels(@Req() request: FastifyRequest): Promise<LastingListView> {
    return this.views.lasting('tunnel', numberOf(queryOf(request, ['limit']), 'limit', usual, most));
  }

  @Get('certificates')
  certificates(): Promise<readonly CertificateView[]> {
    return this.views.certificates();
  }

  @Get('config')
  config(): ConfigView {
    return this.views.config;
  }

  @Get('version')
  version(): VersionView {
    return this.views.version;
  }
}
