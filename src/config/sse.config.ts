import { Key } from './key.js';
import { flag } from './kinds/choice.js';
import { duration } from './kinds/duration.js';

/** Event streams (`text/event-stream`). */
export class SseConfig {
  @Key(duration(), {
    doc: 'A comment line is sent after this time without an event, which keeps the stream through other proxies alive. Never inside an event, and never into a body of declared length or with a content coding. `0s` = off.',
  })
  heartbeat: number = 15_000;

  @Key(duration(), { doc: 'A stream without an event for this long is cut. `0s` = never: quiet streams are normal.' })
  idleTimeout: number = 0;

  @Key(flag, {
    doc: 'A stream whose backend dies goes on at another one, with `Last-Event-ID`. Only for backends that can go on from an id of their siblings.',
  })
  resume: boolean = false;
}
