import { Key } from '../language/key.js';
import { choice } from '../language/kinds/choice.js';
import { duration } from '../language/kinds/duration.js';
import { method } from '../language/kinds/header.js';
import { list, set } from '../language/kinds/list.js';
import { integer } from '../language/kinds/number.js';
import { ratio } from '../language/kinds/ratio.js';
import { size } from '../language/kinds/size.js';
import { either, orWord } from '../language/kinds/union.js';

/** The end of an attempt after which another may follow: a sort of failure, or a status of the backend. */
export type RetryCondition = 'connect-failure' | 'reset' | 'timeout' | '5xx' | number;

const condition = either(
  choice('connect-failure', 'reset', 'timeout', '5xx'),
  integer(400, 599, 'a status'),
  value => typeof value !== 'number',
);
const methods = either(choice('idempotent', 'all'), list(method, { min: 1 }), value => typeof value === 'string');
const hedge = orWord(
  'off',
  0,
  either(choice('p95'), duration(), value => value === 'p95'),
  value => value === 0,
);

/** Second tries on other backends. */
export class RetriesConfig {
  @Key(integer(0, 10), {
    doc: 'Tries after the first, each on a backend that was not tried yet while there is one. A status is tried again only on such a backend that has room; else the answer is passed on. `0` = off.',
  })
  attempts: number = 2;

  @Key(set(condition), {
    doc: 'What is tried again: `connect-failure` (no byte was sent), `reset` (the connection ended before any byte of the response), `timeout` (no response head in time), `5xx`, or any status from 400. Never once the response head went to the client.',
  })
  on: RetryCondition[] = ['connect-failure', 'reset', 502, 503, 504];

  @Key(methods, {
    doc: 'Which requests may be sent twice: `idempotent` (GET HEAD OPTIONS PUT DELETE TRACE QUERY), `all`, or a list. With `all`, a POST may take effect twice when its answer is lost. A connect failure is safe for every method and needs no entry here.',
  })
  methods: 'idempotent' | 'all' | string[] = 'idempotent';

  @Key(size({ max: 64 * 1024 * 1024 }), {
    doc: 'Request bodies up to this size are kept so that they can be sent again, and, where their length is declared, are waited for before they take a place at a backend; requests with larger ones are not retried once their body was begun. This much memory for each request in flight.',
  })
  bufferRequest: number = 64 * 1024;

  @Key(duration(), {
    doc: 'Response head of one attempt. `0s` = what is left of `timeouts.response`, which is the time for all attempts together; or, with `timeout` in `on`, all of it for each attempt, so that a client may wait for as many times that as there are attempts.',
  })
  tryTimeout: number = 0;

  @Key(ratio, {
    doc: 'Retries and hedged attempts may add at most this share to the requests of the upstream, or 10 a second if that is more, so that retries do not bring down what is struggling.',
  })
  budget: number = 0.2;

  @Key(duration(), {
    doc: 'Base of the wait before a retry; it doubles with each, and a random part of it (full jitter) is waited.',
  })
  backoff: number = 25;

  @Key(hedge, {
    doc: 'Starts a second attempt on another backend when the first has not answered after this time, and takes whichever answers first; `p95` = the time that 95% of the recent answers took. Only for idempotent requests without a body; counts against `budget`.',
  })
  hedgeAfter: 'p95' | number = 0;
}
