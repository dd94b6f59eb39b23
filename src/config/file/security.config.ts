import { AuthConfig } from './auth.config.js';
import { Block, Key, ListOf } from '../language/key.js';
import { choice, flag } from '../language/kinds/choice.js';
import { duration } from '../language/kinds/duration.js';
import { headerName, headerValue, method } from '../language/kinds/header.js';
import type { Kind } from '../language/kinds/kind.js';
import { list } from '../language/kinds/list.js';
import { cidr } from '../language/kinds/network.js';
import { integer } from '../language/kinds/number.js';
import { origin } from '../language/kinds/origin.js';
import { policy, type PolicyChoice } from '../language/kinds/policy.js';
import { text } from '../language/kinds/text.js';
import { orWord } from '../language/kinds/union.js';
import { RouteValidationConfig, ValidationConfig } from './validation.config.js';

const limitKey = text({
  label: 'limit key',
  expected: 'client-ip, global, identity, header:<name> or jwt:<claim>',
  pattern: /^(client-ip|global|identity|header:[!#$%&'*+.^_`|~0-9A-Za-z-]+|jwt:.+)$/,
});
const orOff: Kind<string> = orWord('off', '', headerValue, value => value === '');

/** Addresses that are let in or kept out. */
export class IpFilterConfig {
  @Key(list(cidr), {
    doc: 'Ranges that are let in. Not empty: everything else gets 403, the clients of unix sockets among them, which have no address.',
  })
  allow: string[] = [];

  @Key(list(cidr), { doc: 'Ranges that get 403. Wins over `allow`.' })
  deny: string[] = [];
}

/** How often something may be asked. */
export class RateLimitConfig {
  @Key(integer(1), { required: true, doc: 'Requests in the time of `per`; more get 429 with Retry-After.' })
  declare limit: number;

  @Key(duration({ min: 1 }), { doc: 'The time that `limit` is for; it is refilled evenly, not all at once.' })
  per: number = 1000;

  @Key(integer(1), { doc: 'How many may come at once.', defaultText: '`limit`' })
  declare burst?: number;

  @Key(limitKey, {
    doc: 'What has a limit of its own: `client-ip`, `global` (all together), `header:<name>`, or, after authentication, `identity` (the id of an API key, a user, the `sub` of a token) and `jwt:<claim>`. Requests without the header, identity or claim count by their address. A header that anyone may set is no limit: use it behind authentication.',
  })
  key: string = 'client-ip';

  @Key(integer(1, 128), {
    doc: 'Addresses of one IPv6 network of this prefix count as one client: a single home line has a whole /64.',
  })
  ipv6Prefix: number = 64;

  @Key(choice('local', 'allow', 'deny'), {
    doc: 'When the shared store is out of reach: each machine counts for itself, all is allowed, or all is denied with 503.',
  })
  onStoreFailure: 'local' | 'allow' | 'deny' = 'local';
}

/** How much may be in flight at once. */
export class ConcurrencyConfig {
  @Key(integer(1), {
    required: true,
    doc: 'Requests, event streams and tunnels in flight at once; more get 429 with Retry-After. Each counts from here until its answer has been sent, its stream or tunnel has ended, or its client has gone; one that is tried again counts once.',
  })
  declare limit: number;

  @Key(limitKey, { doc: 'What has a limit of its own; as in `rateLimit`.' })
  key: string = 'client-ip';

  @Key(integer(1, 128), { doc: 'Addresses of one IPv6 network of this prefix count as one client.' })
  ipv6Prefix: number = 64;
}

/** Cross-origin requests of browsers. Preflights are answered before authentication. */
export class CorsConfig {
  @Key(list(origin, { min: 1 }), {
    required: true,
    doc: 'Origins that may read answers; `https://*.app.example` for all names below one, `*` for all. Requests of others are not held up, but their browsers let no script see the answer; their preflights get 403.',
  })
  declare origins: string[];

  @Key(list(method), {
    doc: 'Methods that are allowed beyond GET, HEAD and POST.',
    defaultText: 'what the preflight asks for',
  })
  declare methods?: string[];

  @Key(list(headerName), { doc: 'Request header fields that are allowed.', defaultText: 'what the preflight asks for' })
  declare headers?: string[];

  @Key(list(headerName), { doc: 'Response header fields that scripts may read.' })
  exposeHeaders: string[] = [];

  @Key(flag, { doc: 'Whether cookies and credentials may be sent. Not together with `*`.' })
  credentials: boolean = false;

  @Key(duration(), { doc: 'How long browsers may remember the answer to a preflight.' })
  maxAge: number = 600_000;
}

/** Header fields that browsers protect users by. A field that the backend sends itself stays as it is. */
export class SecurityHeadersConfig {
  @Key(orOff, { doc: '`Strict-Transport-Security`, on https only; `off` leaves it out.' })
  hsts: string = 'max-age=31536000';

  @Key(flag, { doc: '`X-Content-Type-Options: nosniff`.' })
  contentTypeOptions: boolean = true;

  @Key(orOff, { doc: '`X-Frame-Options`; `off` leaves it out.' })
  frameOptions: string = 'DENY';

  @Key(orOff, { doc: '`Referrer-Policy`; `off` leaves it out.' })
  referrerPolicy: string = 'no-referrer';
}

class PolicyBlocks {
  @Block(() => IpFilterConfig, { doc: 'Lets addresses in or keeps them out. Absent: all may come.' })
  declare ipFilter?: IpFilterConfig;

  @ListOf(() => RateLimitConfig, { orSingle: true, doc: 'A limit, or a list of them: all must allow. Absent: none.' })
  declare rateLimit?: RateLimitConfig[];

  @ListOf(() => ConcurrencyConfig, {
    orSingle: true,
    doc: 'A limit for what is in flight at once, or a list of them: all must have a place. Counted in each process for itself. Absent: none.',
  })
  declare concurrency?: ConcurrencyConfig[];

  @Block(() => AuthConfig, { doc: 'Who may come. Absent: everyone.' })
  declare auth?: AuthConfig;

  @Block(() => CorsConfig, { doc: 'Cross-origin requests of browsers. Absent: the backend answers for itself.' })
  declare cors?: CorsConfig;

  @Block(() => SecurityHeadersConfig, { doc: 'Header fields that browsers protect users by. Absent: none are added.' })
  declare headers?: SecurityHeadersConfig;

  @Key(list(policy), {
    doc: 'Policies of your own, asked in this order after all others: the name of a class with `@Policy`, or a block with `name` and its options. Absent: none.',
  })
  declare policies?: PolicyChoice[];
}

/** What every request must pass, in this order: address, limits, places, validation, authentication, CORS. */
export class SecurityConfig extends PolicyBlocks {
  @Block(() => ValidationConfig, { doc: 'What a request must be like.' })
  validation: ValidationConfig = new ValidationConfig();
}

/** The security of one route: each block that is written takes the place of the top-level one; `validation` key by key. */
export class RouteSecurityConfig extends PolicyBlocks {
  @Block(() => RouteValidationConfig, { doc: 'What a request must be like.' })
  declare validation?: RouteValidationConfig;
}
