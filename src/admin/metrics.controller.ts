import { Controller, Get, Inject, Res } from '@nestjs/common';
import { PrometheusController } from '@willsoto/nestjs-prometheus';
import { ADMIN_SOURCES, type AdminSources } from './admin-sources.js';
import { HeldReply } from './mounted-controller.js';

/** `/metrics` in Prometheus's text format, from the gateway's own registry instead of the process-wide one. */
@Controller('metrics')
export class MetricsController extends PrometheusController {
  constructor(@Inject(ADMIN_SOURCES) private readonly sources: AdminSources) {
    super();
  }

  @Get()
  override index(@Res({ passthrough: true }) reply: HeldReply): Promise<string> {
    reply.header('Content-Type', this.sources.metrics.contentType);
    return this.sources.metrics.metrics();
  }
}
