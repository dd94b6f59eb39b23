import { Key } from '../language/key.js';
import { headerMap } from '../language/kinds/header-map.js';
import type { Kind } from '../language/kinds/kind.js';
import { Invalid } from '../language/kinds/invalid.js';
import { integer } from '../language/kinds/number.js';
import { plainPath } from '../language/kinds/path-pattern.js';
import { ratio } from '../language/kinds/ratio.js';
import { body } from '../language/kinds/secret.js';
import { status } from '../language/kinds/status.js';
import { locationTemplate, pathTemplate } from '../language/kinds/template.js';
import { name } from '../language/kinds/text.js';

const redirectStatuses = [301, 302, 303, 307, 308];

const redirectStatus: Kind<number> = {
  label: '301 \\| 302 \\| 303 \\| 307 \\| 308',
  expected: '301, 302, 303, 307 or 308',
  schema: { enum: redirectStatuses },
  parse(raw) {
    return redirectStatuses.find(each => each === raw) ?? new Invalid(raw, this.expected);
  },
  format: value => value,
};

const prefixPair: Kind<[string, string]> = {
  label: 'list of two paths',
  expected: 'a list of two paths such as [/orders, /v2/orders]',
  schema: { type: 'array', items: { type: 'string', pattern: '^/' }, minItems: 2, maxItems: 2 },
  parse(raw, source) {
    const [from, to, ...more] = Array.isArray(raw) ? raw.map(each => plainPath.parse(each, source)) : [];
    const named = [from, to].find(each => each instanceof Invalid && each.details.message !== undefined);
    if (named instanceof Invalid && more.length === 0) return named;
    const fits = typeof from === 'string' && typeof to === 'string' && more.length === 0;
    return fits ? [from, to] : new Invalid(raw, this.expected);
  },
  format: value => value,
};

/** An upstream's share of a split. */
export class SplitConfig {
  @Key(name, { required: true, doc: 'Name of an upstream.' })
  declare upstream: string;

  @Key(integer(0, 1_000_000), {
    required: true,
    doc: 'Share of the requests, relative to the other weights of the split. `0` = none, for a canary that is not out yet.',
  })
  declare weight: number;
}

/** A redirect of the client. */
export class RedirectConfig {
  @Key(locationTemplate, {
    required: true,
    doc: 'Where to: a URL, or a path on the same host. `:name` is what that segment of the match was, `:rest` what `*` matched.',
  })
  declare to: string;

  @Key(redirectStatus, {
    doc: '308 and 301 are permanent and cached by browsers; 307 and 302 are not. 307 and 308 keep the method.',
  })
  status: number = 308;
}

/** An answer that the gateway gives itself. */
export class RespondConfig {
  @Key(status, { doc: 'Status of the answer.' })
  status: number = 200;

  @Key(headerMap, { doc: 'Header fields of the answer.' })
  headers: Map<string, string> = new Map();

  @Key(body, { doc: 'Body of the answer: a text, or `{ file: path }`, which is read once at start (at most 1mb).' })
  declare body?: string;
}

/** How the path changes on its way to the backend: exactly one of the keys. */
export class RewriteConfig {
  @Key(plainPath, {
    doc: 'Takes this off the beginning of the path: `/orders/7` with `/orders` becomes `/7`. Whole segments only.',
  })
  declare stripPrefix?: string;

  @Key(prefixPair, { doc: 'Replaces the beginning of the path: `[/orders, /v2/orders]`. Whole segments only.' })
  declare replacePrefix?: [string, string];

  @Key(pathTemplate, {
    doc: 'The whole new path, with the parameters of the match: `/x/:id`, and `:rest` for what `*` matched.',
  })
  declare path?: string;
}

/** Copies of requests for another upstream. */
export class MirrorConfig {
  @Key(name, {
    required: true,
    doc: 'Name of the upstream that gets the copies. Its answers are dropped, and its failures are never seen by clients.',
  })
  declare upstream: string;

  @Key(ratio, { doc: 'Share of the requests that are copied. Mind that copies of writes take effect there.' })
  share: number = 0.1;
}
