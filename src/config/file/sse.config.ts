import { Key } from '../language/key.js';
import { flag } from '../language/kinds/choice.js';
import { duration } from '../language/kinds/duration.js';
import { integer } from '../language/kinds/number.js';

/** Event streams (`text/event-stream`). */
export class SseConfig {
  @Key(duration(), {
    doc: 'A comment line is sent after this time without an event, which keeps the stream through other proxies alive. Never inside an event, and never into a body of declared length or with a content coding. `0s` = off.',
  })
  heartbeat: number = 15_000;

  @Key(duration(), {
    doc: 'A stream whose backend sends nothing for this long, not even a comment, is cut (with `resume`: goes on at another one). Takes the place of `timeouts.idle`. `0s` = never: quiet streams are normal.',
  })
  idleTimeout: number = 0;

  @Key(flag, {
    doc: 'A stream whose backend dies goes on at another one, with `Last-Event-ID`. Only for backends that can go on from an id of their siblings.',
  })
  resume: boolean = false;

  @Key(integer(1), {
    doc: 'Open event streams, in all workers together; more get 503, after which an EventSource does not try again. On a route: those of that route alone, which then count nowhere else.',
  })
  maxConnections: number = 10_000;
}
