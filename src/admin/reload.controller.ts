import { Controller, HttpException, Inject, Post } from '@nestjs/common';
import { ADMIN_SOURCES, type AdminSources, type Reloaded } from './admin-sources.js';

/** `POST /reload`: has the configuration read again. 200 with the changes in words; 422 with the problems when it was refused; 501 where it came from no file. */
@Controller('reload')
export class ReloadController {
  constructor(@Inject(ADMIN_SOURCES) private readonly sources: AdminSources) {}

  @Post()
  async reload(): Promise<Reloaded> {
    const reloaded = await this.sources.reload();
    if (reloaded === undefined) {
      throw new HttpException(
        { detail: 'The configuration came from no file: the program around the gateway changes it.' },
        501,
      );
    }
    if (reloaded.problems.length === 0) return reloaded;
    const detail = 'The new configuration was refused; the one before is still in force.';
    throw new HttpException({ detail, problems: reloaded.problems }, 422);
  }
}
