import { Key } from './key.js';
import { choice } from './kinds/choice.js';
import { duration } from './kinds/duration.js';
import { ownHeaderMap } from './kinds/header-map.js';
import { integer } from './kinds/number.js';
import { pathTemplate } from './kinds/template.js';
import { statusRanges, type StatusRange } from './kinds/status.js';
import { text } from './kinds/text.js';

/** Active probes of the backends of an upstream. */
export class HealthCheckConfig {
  @Key(choice('http', 'tcp'), { doc: '`http` asks for `path`; `tcp` only opens a connection.' })
  type: 'http' | 'tcp' = 'http';

  @Key(pathTemplate, {
    doc: 'Path that is asked for with GET. It should be cheap and say whether this backend can serve, not whether everything behind it can.',
  })
  path: string = '/healthz';

  @Key(duration({ min: 100 }), {
    doc: 'Time between two probes of a backend; spread, so that they do not all come at once.',
  })
  interval: number = 5_000;

  @Key(duration({ min: 1 }), {
    doc: 'A probe without an answer in this time has failed. Must not be longer than `interval`.',
  })
  timeout: number = 2_000;

  @Key(integer(1, 100), { doc: 'Successful probes in a row before an unhealthy backend gets traffic again.' })
  healthyAfter: number = 2;

  @Key(integer(1, 100), { doc: 'Failed probes in a row before a backend gets no traffic.' })
  unhealthyAfter: number = 3;

  @Key(statusRanges, { doc: 'Statuses that count as success.' })
  expectStatus: StatusRange[] = [{ from: 200, to: 399 }];

  @Key(text({ maxLength: 1024 }), { doc: 'Text that the body must hold.' })
  declare expectBody?: string;

  @Key(ownHeaderMap, { doc: 'Header fields of the probe, such as `host`.' })
  headers: Map<string, string> = new Map();
}
