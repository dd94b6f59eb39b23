import { Key } from '../language/key.js';
import { duration } from '../language/kinds/duration.js';
import { headerMap } from '../language/kinds/header-map.js';
import { namedChoice, type NamedChoice } from '../language/kinds/named-choice.js';
import { integer } from '../language/kinds/number.js';
import { pathTemplate } from '../language/kinds/template.js';
import { statusRanges, type StatusRange } from '../language/kinds/status.js';
import { text } from '../language/kinds/text.js';

/** The probes that come with the gateway. */
export const builtInProbes = ['http', 'tcp'] as const;

/** A probe by its name, with the options that it declares; the built-in ones have theirs beside `type`. */
export type ProbeChoice = NamedChoice;

/** The name of a probe, or a block with `name` and the probe's options. */
const probe = namedChoice('probe', {
  builtIn: builtInProbes,
  expected: 'http, tcp, the name of another probe, or a block with name and its options',
});

/** Active probes of the backends of an upstream. */
export class HealthCheckConfig {
  @Key(probe, {
    doc: '`http` asks for `path`; `tcp` only opens a connection; or the name of a probe that a module registers, with its options: `{ name: redis-ping, db: 1 }`.',
  })
  type: ProbeChoice = { name: 'http', options: {} };

  @Key(pathTemplate, {
    doc: 'Path that is asked for with GET. It should be cheap and say whether this backend can serve, not whether everything behind it can.',
  })
  path: string = '/healthz';

  @Key(duration({ min: 100 }), {
    doc: 'Time between two probes of a backend; spread, so that they do not all come at once.',
  })
  interval: number = 5_000;

  @Key(duration({ min: 1 }), {
    doc: 'A probe without a result in this time, connecting included, has failed. Must not be longer than `interval`.',
    defaultText: '`2s`, or `interval` where that is shorter',
  })
  timeout: number = 2_000;

  @Key(integer(1, 100), { doc: 'Successful probes in a row before an unhealthy backend gets traffic again.' })
  healthyAfter: number = 2;

  @Key(integer(1, 100), { doc: 'Failed probes in a row before a backend gets no traffic.' })
  unhealthyAfter: number = 3;

  @Key(statusRanges, { doc: 'Statuses that count as success. Redirects are not followed.' })
  expectStatus: StatusRange[] = [{ from: 200, to: 399 }];

  @Key(text({ maxLength: 1024 }), { doc: 'Text that the body must hold, within its first 64 kB.' })
  declare expectBody?: string;

  @Key(headerMap, {
    doc: 'Header fields of the probe. `host` is host and port of the backend unless given here.',
  })
  headers: Map<string, string> = new Map();
}
