import { Controller, Get, Inject } from '@nestjs/common';
import type { Backend, Veto } from '../upstream/backend.js';
import { ADMIN_SOURCES, type AdminSources } from './admin-sources.js';

/** A backend in the answer of `/upstreams`. */
interface BackendView {
  readonly id: string;
  /** Origin, or `unix:` and the socket's path. Never with user name or password. */
  readonly url: string;
  readonly weight: number;
  readonly backup: boolean;
  readonly inFlight: number;
  readonly available: boolean;
  readonly vetoes: readonly Veto[];
}

/** An upstream in the answer of `/upstreams`. */
interface UpstreamView {
  readonly name: string;
  readonly strategy: string;
  readonly backends: readonly BackendView[];
}

/** `/upstreams`: the upstreams and the state of their backends. */
@Controller('upstreams')
export class UpstreamsController {
  constructor(@Inject(ADMIN_SOURCES) private readonly sources: AdminSources) {}

  @Get()
  upstreams(): readonly UpstreamView[] {
    return Array.from(this.sources.upstreams(), ({ name, strategy, backends }) => ({
      name,
      strategy,
      backends: backends.map(view),
    }));
  }
}

function view({ id, url, socketPath, weight, backup, inFlight, vetoes }: Backend): BackendView {
  return {
    id,
    // `URL.origin` has no userinfo.
    url: socketPath === undefined ? url.origin : `unix:${socketPath}`,
    weight,
    backup,
    inFlight,
    available: vetoes.size === 0,
    vetoes: [...vetoes],
  };
}
