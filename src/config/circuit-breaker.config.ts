import { Key } from './key.js';
import { choice, flag } from './kinds/choice.js';
import { duration } from './kinds/duration.js';
import { set } from './kinds/list.js';
import { integer } from './kinds/number.js';
import { ratio } from './kinds/ratio.js';

/** What counts as a failure of a backend. */
export type BreakerFailure = 'connect-failure' | 'reset' | 'timeout' | '5xx' | 'slow';

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

  @Key(set(choice('connect-failure', 'reset', 'timeout', '5xx', 'slow'), { min: 1 }), {
    doc: 'What counts as a failure. `slow` is a response head later than `slowerThan`. What a client broke off never counts.',
  })
  failOn: BreakerFailure[] = ['connect-failure', 'reset', 'timeout', '5xx'];

  @Key(duration({ min: 1 }), { doc: 'What `slow` means. Without `slow` in `failOn` it has no effect.' })
  slowerThan: number = 5_000;

  @Key(ratio, {
    doc: 'Soft failures (5xx, slow) may open at most this share of the circuits of an upstream, at least one; hard ones (connect-failure, reset, timeout) any number: an answer that fails half the time beats none.',
  })
  maxOpen: number = 0.5;
}
