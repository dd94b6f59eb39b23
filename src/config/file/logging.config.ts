import { Block, Key } from '../language/key.js';
import { accessCondition, accessFieldName, accessFieldSource, addressPrefix } from '../language/kinds/access-log.js';
import { choice, flag } from '../language/kinds/choice.js';
import { appendedFile } from '../language/kinds/file-path.js';
import { headerName } from '../language/kinds/header.js';
import { list } from '../language/kinds/list.js';
import { map } from '../language/kinds/map.js';
import { pathPattern } from '../language/kinds/path-pattern.js';
import { ratio } from '../language/kinds/ratio.js';

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** One line for each exchange, written when it closes. */
class AccessLogConfig {
  @Key(flag, { doc: 'Whether access lines are written.' })
  enabled: boolean = true;

  @Key(ratio, {
    doc: 'Share of the exchanges that get a line. Lines of the levels `warn` and `error` are always written. Metrics count all exchanges.',
  })
  sample: number = 1;

  @Key(list(pathPattern), { doc: 'Paths without a line: `[/ping]`. In the forms of `match.path`.' })
  exclude: string[] = [];

  @Key(list(headerName), {
    doc: 'Header fields whose values never get into a log, beside those that carry API keys, `sec-websocket-protocol` and those whose names say that they hold secrets (auth, key, session, token …). Names that some servers take for them (`X_Key` for `X-Key`) are hidden too.',
  })
  redact: string[] = ['authorization', 'cookie', 'set-cookie'];

  @Key(map(accessFieldName, accessFieldSource), {
    doc: 'Fields that are added to each line, by their names: `{ ua: user-agent, tenant: "header:x-tenant", size: "response-header:content-length", beta: "cookie:beta", mail: "claim:email", user: identity, tls: tls-version }`. A field without a value is left out; values beyond 1024 characters are cut. Names that say that they hold a secret are refused.',
  })
  fields: Map<string, string> = new Map();

  @Key(list(accessCondition), {
    doc: 'Writes only the lines for which one of these holds: `[5xx, 404, "slower:1s", retried]`. Failures that none of them names are not written either. Empty: all.',
  })
  only: string[] = [];

  @Key(addressPrefix, {
    doc: 'Bits of IPv4 addresses of clients that are kept, the rest is written as 0; of IPv6 addresses four times as many. Fields in which proxies tell of clients are hidden then. `/32`: all.',
  })
  maskAddress: number = 32;

  @Key(choice('json', 'pretty', 'combined'), {
    doc: '`json`: one object on a line. `pretty`: one line for people, in colour at a terminal. `combined`: as Apache and nginx write it, for tools that read it; the path is without its query. Default: as `logging.format`.',
  })
  declare format?: 'json' | 'pretty' | 'combined';

  @Key(appendedFile, {
    doc: 'A file for the access lines, which is appended to; opened again by its name on SIGUSR1, for tools that rotate files. Empty: they go to standard output, with the other lines.',
  })
  file: string = '';
}

/** The log. */
export class LoggingConfig {
  @Key(choice(...levels), {
    doc: 'The least important level that is written. Access lines are of the level `error` where the client got a 5xx or half an answer by the fault of the gateway or a backend, of `warn` where another try or a fallback has spared it that, and of `info` else.',
  })
  level: (typeof levels)[number] = 'info';

  @Key(choice('json', 'pretty'), {
    doc: '`json`: one object on a line. `pretty`: for reading along; slower, so not for production. Default: `pretty` when standard output is a terminal, else `json`.',
  })
  declare format?: 'json' | 'pretty';

  @Key(choice('epoch', 'iso'), {
    doc: 'How lines of JSON tell the time: `epoch`: milliseconds since 1970. `iso`: `2026-11-30T16:21:59.123Z`.',
  })
  time: 'epoch' | 'iso' = 'epoch';

  @Block(() => AccessLogConfig, { doc: 'One line for each exchange.' })
  access: AccessLogConfig = new AccessLogConfig();
}
