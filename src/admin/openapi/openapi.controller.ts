import { Controller, Get, Inject } from '@nestjs/common';
import { ADMIN_SOURCES, type AdminSources } from '../admin-sources.js';
import { openApiDocument } from './document.js';

/** `/openapi.json`: what the admin API is, for machines. */
@Controller('openapi.json')
export class OpenApiController {
  constructor(@Inject(ADMIN_SOURCES) private readonly sources: AdminSources) {}

  @Get()
  document(): object {
    return openApiDocument(this.sources.version);
  }
}
