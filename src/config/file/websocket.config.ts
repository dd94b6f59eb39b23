import { Key } from '../language/key.js';
import { choice, flag } from '../language/kinds/choice.js';
import { duration } from '../language/kinds/duration.js';
import { Invalid } from '../language/kinds/invalid.js';
import { oddIPv4In } from '../language/kinds/ipv4-spelling.js';
import type { Kind } from '../language/kinds/kind.js';
import { list } from '../language/kinds/list.js';
import { integer } from '../language/kinds/number.js';
import { size } from '../language/kinds/size.js';
import { text } from '../language/kinds/text.js';
import { either } from '../language/kinds/union.js';
import { upgradeProtocol } from '../language/kinds/upgrade-protocol.js';

const spelled = text({
  label: 'origin',
  expected: 'an origin such as https://app.example',
  pattern: /^(null|[a-z][a-z0-9+.-]*:\/\/[^/?#\s]+)$/i,
});
/** Compared with what browsers send, which write every IPv4 address in one way. */
const origin: Kind<string> = {
  ...spelled,
  parse(raw, source) {
    const parsed = spelled.parse(raw, source);
    return parsed instanceof Invalid ? parsed : (oddIPv4In(parsed, this.expected) ?? parsed);
  },
};

/** Upgraded connections. */
export class WebSocketConfig {
  @Key(flag, { doc: 'Whether connections may be upgraded at all.' })
  enabled: boolean = true;

  @Key(either(choice('any'), list(upgradeProtocol), value => value === 'any'), {
    doc: 'Protocols that may be upgraded to, or `any`. A request for another one is answered without an upgrade, as is every request for HTTP itself (`h2c`, `HTTP/2.0`) or TLS, which `any` does not include.',
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

  @Key(integer(1), { doc: 'Open connections, in all workers together; more get 503.' })
  maxConnections: number = 10_000;
}
