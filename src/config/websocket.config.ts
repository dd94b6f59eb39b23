import { Key } from './key.js';
import { choice, flag } from './kinds/choice.js';
import { duration } from './kinds/duration.js';
import { list } from './kinds/list.js';
import { integer } from './kinds/number.js';
import { size } from './kinds/size.js';
import { text } from './kinds/text.js';
import { either } from './kinds/union.js';

const protocol = text({
  label: 'protocol',
  expected: 'an upgrade protocol such as websocket',
  pattern: /^[A-Za-z0-9!#$%&'*+.^_`|~/-]+$/,
});
const origin = text({
  label: 'origin',
  expected: 'an origin such as https://app.example',
  pattern: /^(null|[a-z][a-z0-9+.-]*:\/\/[^/?#\s]+)$/i,
});

/** Upgraded connections. */
export class WebSocketConfig {
  @Key(flag, { doc: 'Whether connections may be upgraded at all.' })
  enabled: boolean = true;

  @Key(either(choice('any'), list(protocol), value => value === 'any'), {
    doc: 'Protocols that may be upgraded to, or `any`. A request for another one is answered without an upgrade.',
  })
  upgrades: 'any' | string[] = ['websocket'];

  @Key(list(origin), { doc: 'Allowed Origin values of a handshake, against cross-site hijacking. Empty = any.' })
  origins: string[] = [];

  @Key(duration(), { doc: 'A connection without a frame either way for this long is closed. `0s` = off.' })
  idleTimeout: number = 600_000;

  @Key(duration(), {
    doc: 'The gateway pings both sides in this rhythm, which keeps connections through other proxies alive. `0s` = off.',
  })
  pingInterval: number = 0;

  @Key(size({ min: 1 }), { doc: 'Largest frame; on a larger one both sides are closed with 1009.' })
  maxFrame: number = 16 * 1024 * 1024;

  @Key(integer(1), { doc: 'Open connections for each worker; more get 503.' })
  maxConnections: number = 10_000;
}
