import { Controller, Get } from '@nestjs/common';
import type { UpstreamView } from './api/views.js';
import { LiveViews } from './live/live-views.js';

/** `/upstreams`: the upstreams and the state of their backends. */
@Controller('upstreams')
export class UpstreamsController {
  constructor(private readonly views: LiveViews) {}

  @Get()
  upstreams(): Promise<readonly UpstreamView[]> {
    return this.views.upstreams();
  }
}
