import { Controller, Get } from '@nestjs/common';
import type { RouteView } from './api/views.js';
import { LiveViews } from './live/live-views.js';

/** `/routes`: the route table, with the traffic of each route. */
@Controller('routes')
export class RoutesController {
  constructor(private readonly views: LiveViews) {}

  @Get()
  routes(): Promise<readonly RouteView[]> {
    return this.views.routes();
  }
}
