import { Block, Key } from '../language/key.js';
import { choice, flag } from '../language/kinds/choice.js';
import { headerName } from '../language/kinds/header.js';
import { list } from '../language/kinds/list.js';
import { pathPattern } from '../language/kinds/path-pattern.js';
import { ratio } from '../language/kinds/ratio.js';

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** One line for each exchange, written when it closes. */
class AccessLogConfig {
  @Key(flag, { doc: 'Whether access lines are written.' })
  enabled: boolean = true;

  @Key(ratio, {
    doc: 'Share of the exchanges that get a line. Metrics count all of them.',
  })
  sample: number = 1;

  @Key(list(pathPattern), { doc: 'Paths without a line: `[/ping]`. In the forms of `match.path`.' })
  exclude: string[] = [];

  @Key(list(headerName), {
    doc: 'Header fields whose values never get into a log, beside those that carry API keys, `sec-websocket-protocol` and those whose names say that they hold secrets (auth, key, session, token …). Names that some servers take for them (`X_Key` for `X-Key`) are hidden too.',
  })
  redact: string[] = ['authorization', 'cookie', 'set-cookie'];
}

/** The log, on standard output. */
export class LoggingConfig {
  @Key(choice(...levels), {
    doc: 'The least important level that is written. Access lines of what failed on the side of the gateway or the backend are of the level `error`, all others of `info`.',
  })
  level: (typeof levels)[number] = 'info';

  @Key(choice('json', 'pretty'), {
    doc: '`json`: one object on a line. `pretty`: for reading along; slower, so not for production.',
  })
  format: 'json' | 'pretty' = 'json';

  @Block(() => AccessLogConfig, { doc: 'One line for each exchange.' })
  access: AccessLogConfig = new AccessLogConfig();
}
