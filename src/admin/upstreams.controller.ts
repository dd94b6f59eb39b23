import { Controller, Get, Inject } from '@nestjs/common';
import { ADMIN_SOURCES, type AdminSources } from './admin-sources.js';
import { byHandOf, viewOf, type BackendView } from './backend-view.js';

/** An upstream in the answer of `/upstreams`. */
interface UpstreamView {
  readonly name: string;
  readonly strategy: string;
  readonly backends: readonly BackendView[];
  /** Backends that are not there now, and for which something is set by hand. Absent: there is none. */
  readonly gone?: readonly Pick<BackendView, 'id' | 'byHand'>[];
}

/** `/upstreams`: the upstreams and the state of their backends. */
@Controller('upstreams')
export class UpstreamsController {
  constructor(@Inject(ADMIN_SOURCES) private readonly sources: AdminSources) {}

  @Get()
  upstreams(): readonly UpstreamView[] {
    const { control } = this.sources;
    return Array.from(this.sources.upstreams(), ({ name, strategy, backends }) => {
      const gone = control.gone(name).map(setting => ({ id: setting.backend, byHand: byHandOf(setting) }));
      return {
        name,
        strategy,
        backends: backends.map(backend => viewOf(backend, control.of(name, backend.id))),
        ...(gone.length > 0 && { gone }),
      };
    });
  }
}
