import { Controller, Get, Inject } from '@nestjs/common';
import { ADMIN_SOURCES, type AdminSources } from './admin-sources.js';

/** `/routes`: the route table. */
@Controller('routes')
export class RoutesController {
  constructor(@Inject(ADMIN_SOURCES) private readonly sources: AdminSources) {}

  @Get()
  routes(): readonly object[] {
    return this.sources.routes();
  }
}
