import type { IncomingHttpHeaders } from 'node:http';
import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import { PrometheusController } from '@willsoto/nestjs-prometheus';
import { acceptedFormat } from '../metrics/accepted-format.js';
import { contentTypes } from '../metrics/exposition.js';
import { ADMIN_SOURCES, type AdminSources } from './admin-sources.js';
import { HeldReply } from './mounted-controller.js';

/** `/metrics` for Prometheus, from the gateway's own registry instead of the process-wide one: OpenMetrics for a client that asks for it, else the text format. */
@Controller('metrics')
export class MetricsController extends PrometheusController {
  constructor(@Inject(ADMIN_SOURCES) private readonly sources: AdminSources) {
    super();
  }

  @Get()
  override index(
    @Res({ passthrough: true }) reply: HeldReply,
    @Req() request?: { readonly headers: Readonly<IncomingHttpHeaders> },
  ): Promise<string> {
    const format = acceptedFormat(request?.headers.accept);
    reply.header('Content-Type', contentTypes[format]).header('Vary', 'Accept');
    return this.sources.metrics.metrics(format);
  }
}
