import { Key } from '../language/key.js';
import { host } from '../language/kinds/network.js';
import { listenPort } from '../language/kinds/number.js';
import { secret } from '../language/kinds/secret.js';
import type { Kind } from '../language/kinds/kind.js';

const visible = secret('a token of visible characters', /^[\x21-\x7e]+$/);

/** An empty token is what `${ADMIN_TOKEN:-}` gives when the variable is not set: it counts as no token. */
const token: Kind<string> = { ...visible, parse: (raw, source) => (raw === '' ? '' : visible.parse(raw, source)) };

/** The operator's side: health, metrics, dashboard, admin API. */
export class AdminConfig {
  @Key(host, { doc: 'Address to listen on. Anything but a loopback address needs a `token`.' })
  host: string = '127.0.0.1';

  @Key(listenPort, { doc: 'Port to listen on; never that of a public listener. `0` = any free one.' })
  port: number = 9901;

  @Key(token, {
    doc: 'When set, everything but `/health*` asks for `Authorization: Bearer <token>`, and `/health*` without it tells no more than the status. Required unless `host` is loopback. An empty text counts as not set, so that `${ADMIN_TOKEN:-}` works without the variable.',
  })
  declare token?: string;
}
