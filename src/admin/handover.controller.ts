import { Controller, HttpException, Inject, Post } from '@nestjs/common';
import { ADMIN_SOURCES, type AdminSources } from './admin-sources.js';

/** `POST /handover`: a successor listens on the same ports, and this process ends gracefully. 200 with its process id; 501 where it cannot, or ends already. */
@Controller('handover')
export class HandoverController {
  constructor(@Inject(ADMIN_SOURCES) private readonly sources: AdminSources) {}

  @Post()
  handOver(): { readonly pid: number } {
    if (this.sources.handOver()) return { pid: process.pid };
    throw new HttpException(
      { detail: 'This process cannot hand over: it ends already, or it does not share its ports.' },
      501,
    );
  }
}
