import { Block, Key } from '../language/key.js';
import { choice, flag } from '../language/kinds/choice.js';
import { duration } from '../language/kinds/duration.js';
import { set } from '../language/kinds/list.js';
import { integer, positiveNumber } from '../language/kinds/number.js';
import { ratio } from '../language/kinds/ratio.js';
import { either } from '../language/kinds/union.js';

/** What counts as a failure of a backend: a sort of failure, or a status. */
export type BreakerFailure = 'connect-failure' | 'reset' | 'timeout' | '5xx' | 'slow' | number;

const failure = either(
  choice('connect-failure', 'reset', 'timeout', '5xx', 'slow'),
  integer(400, 599, 'a status'),
  value => typeof value !== 'number',
);

/** When a backend fails so much more often than its peers that its circuit opens below `errorThreshold`. */
export class OutlierConfig {
  @Key(flag, { doc: 'Whether backends are compared. `outlier: off` stands for `{ enabled: false }`.' })
  enabled: boolean = true;

  @Key(positiveNumber, { doc: 'How many times the share of failures of its peers a backend must reach.' })
  factor: number = 5;

  @Key(integer(1), { doc: 'Requests that it, and its peers together, must have in the window.' })
  minRequests: number = 50;

  @Key(ratio, { doc: 'Share of failures below which it is no outlier, however few its peers have.' })
  minShare: number = 0.1;

  /** Nothing is compared. */
  static off(): OutlierConfig {
    return Object.assign(new OutlierConfig(), { enabled: false });
  }
}

/** One circuit breaker for each backend. */
export class CircuitBreakerConfig {
  @Key(flag, { doc: 'Whether a failing backend is taken out by its own traffic.' })
  enabled: boolean = true;

  @Key(ratio, { doc: 'Share of failed requests in the window from which the circuit opens.' })
  errorThreshold: number = 0.5;

  @Key(integer(1), {
    doc: 'Requests in the window before it may open: keeps a single failure at night from opening it.',
  })
  volumeThreshold: number = 20;

  @Key(duration({ min: 1000 }), { doc: 'Length of the sliding window.' })
  window: number = 10_000;

  @Key(duration({ min: 1 }), {
    doc: 'How long an open circuit keeps requests away; then it is half-open and one trial decides.',
  })
  openFor: number = 15_000;

  @Key(set(failure, { min: 1 }), {
    doc: 'What counts as a failure. Other 5xx than these are as a rule an application that answers: one broken page must not take out a server; `5xx` counts them all, and any status from 400 can be listed. `slow` is a response head later than `slowerThan`. What a client broke off never counts, nor what ends while it is still sending its body.',
  })
  failOn: BreakerFailure[] = ['connect-failure', 'reset', 'timeout', 502, 503, 504];

  @Key(duration({ min: 1 }), { doc: 'What `slow` means. Without `slow` in `failOn` it has no effect.' })
  slowerThan: number = 5_000;

  @Key(ratio, {
    doc: 'Soft failures (statuses, slow) may open at most this share of the circuits of an upstream, at least one, but never that of the last backend in use, unless there is a `fallback` or `100%` is written; hard ones (connect-failure, reset, timeout) any number: an answer that fails half the time beats none.',
  })
  maxOpen: number = 0.5;

  @Block(() => OutlierConfig, {
    expand: raw => (raw === 'off' ? { enabled: false } : undefined),
    shortSchema: { const: 'off' },
    shortExpected: '`off`',
    shorten: (formatted, { enabled }) => (enabled ? formatted : 'off'),
    doc: 'Opens the circuit of a backend that fails many times as often as the other backends in use, although it stays below `errorThreshold`. Counts what `failOn` does, and answers of 500, 502, 503 and 504 whether or not they stand there. Bounded by `maxOpen` as soft failures are. Each time it lasts longer (`openFor`, twice, three times, …, at most ten times), and the backend comes back with a tenth of its weight at first. Not for upstreams where clients stay at a backend (`sticky`, `ip-hash`, `consistent-hash`): there a single client can make an outlier of one. `off`, or a block; `{}` takes all defaults.',
    defaultText: '`off`',
  })
  outlier: OutlierConfig = OutlierConfig.off();
}
