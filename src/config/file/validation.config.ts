import { fieldsOf } from '../language/fields.js';
import { Block, Key } from '../language/key.js';
import { choice } from '../language/kinds/choice.js';
import { filePath } from '../language/kinds/file-path.js';
import { headerName, method } from '../language/kinds/header.js';
import type { Kind } from '../language/kinds/kind.js';
import { list } from '../language/kinds/list.js';
import { integer } from '../language/kinds/number.js';
import type { RawBlock } from '../language/kinds/raw-block.js';
import { size } from '../language/kinds/size.js';
import { text } from '../language/kinds/text.js';
import { orWord } from '../language/kinds/union.js';
import { Overrides } from '../language/overrides.js';

const mediaType = text({
  label: 'media type',
  expected: 'a media type such as application/json',
  pattern: /^[a-z0-9!#$&^_.+-]+\/([a-z0-9!#$&^_.+-]+|\*)$/i,
});

function orAny(kind: Kind<string>): Kind<string[]> {
  return orWord<string[]>('any', [], list(kind, { min: 1 }), value => value.length === 0);
}

/**
 * Which unusual parts of a path are forwarded unchanged. Routing always uses the normalised path, and the policies of every
 * route that another reading of the path could reach are applied as well.
 */
class PathValidationConfig {
  @Key(choice('normalize', 'reject', 'keep'), {
    doc: '`.` and `..` segments, also spelled `%2e`: resolved, refused with 400, or forwarded as they are. With `keep`, mind that the backend resolves them after the gateway has chosen the route.',
  })
  dotSegments: 'normalize' | 'reject' | 'keep' = 'normalize';

  @Key(choice('keep', 'merge', 'reject'), {
    doc: 'Empty segments (`//`): forwarded, merged into one slash, or refused with 400.',
  })
  duplicateSlashes: 'keep' | 'merge' | 'reject' = 'keep';

  @Key(choice('keep', 'reject'), { doc: '`%2F` and `%5C`: forwarded, or refused with 400.' })
  encodedSlash: 'keep' | 'reject' = 'keep';

  @Key(choice('keep', 'reject'), {
    doc: '`%3F` and `%23`: forwarded, or refused with 400. Where a backend decodes a path before it passes it on or rewrites it (nginx with `proxy_pass http://app$uri`), the path ends there for the next one.',
  })
  encodedDelimiters: 'keep' | 'reject' = 'keep';

  @Key(choice('keep', 'reject'), {
    doc: 'Encoded control characters, `%00` to `%1F` and `%7F`: forwarded, or refused with 400.',
  })
  controls: 'keep' | 'reject' = 'keep';

  @Key(choice('reject', 'keep'), {
    doc: 'A raw `\\`, which no URI may hold and which some servers take for a slash: refused with 400, or forwarded. `%5C` falls under `encodedSlash`.',
  })
  backslash: 'reject' | 'keep' = 'reject';

  @Key(choice('keep', 'reject'), {
    doc: '`;` and what follows in a segment, also as `%3B`: forwarded, or refused with 400. Java servers leave it out, so that `/admin;x` is `/admin` to them.',
  })
  pathParameters: 'keep' | 'reject' = 'keep';

  @Key(choice('keep', 'reject'), {
    doc: 'Escapes that are escaped again (`%252F`): forwarded, or refused with 400. For backends behind which something decodes once more.',
  })
  doubleEncoding: 'keep' | 'reject' = 'keep';

  @Key(choice('keep', 'reject'), {
    doc: '`%20` and `%09` at the end of a segment: forwarded, or refused with 400. Some servers leave them out, so that `/admin%20` is `/admin` to them.',
  })
  trailingSpace: 'keep' | 'reject' = 'keep';
}

/** The settings that `path: strict` means. */
const strict = Object.fromEntries([...fieldsOf(PathValidationConfig).keys()].map(key => [key, 'reject']));
const orStrict = {
  expand: (raw: unknown): RawBlock | undefined => (raw === 'strict' ? strict : undefined),
  shortSchema: { const: 'strict' },
  shortExpected: 'strict',
  shorten: (formatted: RawBlock): unknown =>
    Object.keys(strict).every(key => formatted[key] === 'reject') ? 'strict' : formatted,
};
const pathDoc =
  'How odd spellings of a path are treated. `strict` stands for `reject` under every key: what could be read in two ways is refused.';

/** The path settings of one route: only the ones that it overrides. */
class RoutePathValidationConfig extends Overrides(PathValidationConfig, 'that of the top-level block') {}

/** A JSON Schema for request bodies. */
class BodyValidationConfig {
  @Key(filePath, {
    required: true,
    doc: 'JSON Schema that JSON bodies must satisfy, else 422 with the failing places. The body is held in memory to look at it, so `maxBody` is required with it.',
  })
  declare schema: string;
}

/** Rules for requests. In force even without a `security` block. */
export class ValidationConfig {
  @Key(orAny(method), { doc: 'Allowed methods, or `any`; others get 405 with Allow.' })
  methods: string[] = [];

  @Key(size(), { doc: 'Largest request body, else 413. Counted while it streams, never buffered. `0b` = no limit.' })
  maxBody: number = 0;

  @Key(size({ min: 1, max: 1024 * 1024 }), {
    doc: 'Longest request target (path and query), else 414. For the whole gateway only: it holds before a route is known.',
  })
  maxUrl: number = 16 * 1024;

  @Key(integer(1, 10_000), { doc: 'Most header fields, else 431. For the whole gateway only.' })
  maxHeaders: number = 100;

  @Key(size({ min: 1024, max: 1024 * 1024 }), {
    doc: 'Size of all header fields together, else 431. For the whole gateway only.',
  })
  maxHeaderSize: number = 32 * 1024;

  @Key(orAny(mediaType), { doc: 'Allowed content types of request bodies, or `any`; others get 415.' })
  contentTypes: string[] = [];

  @Key(list(headerName), { doc: 'Header fields that a request must have, else 400.' })
  requireHeaders: string[] = [];

  @Key(choice('keep', 'remove', 'reject'), {
    doc: 'Header names with an underscore (or a dot, or anything else but letters, digits and dashes), which many backends take for the name with a dash: forwarded, removed, or refused with 400. As trailers they are not passed on unless they are kept. Look-alikes of the forwarding headers (`X_Forwarded_For`) are always removed.',
  })
  underscoreHeaders: 'keep' | 'remove' | 'reject' = 'keep';

  @Block(() => PathValidationConfig, { doc: pathDoc, ...orStrict })
  path: PathValidationConfig = new PathValidationConfig();

  @Block(() => BodyValidationConfig, { doc: 'A JSON Schema for JSON bodies. Absent: bodies are not looked into.' })
  declare body?: BodyValidationConfig;
}

/** The validation of one route: only the settings that it overrides, `path` included. */
export class RouteValidationConfig extends Overrides<Omit<ValidationConfig, 'path'>>(
  ValidationConfig,
  'that of the top-level block',
) {
  @Block(() => RoutePathValidationConfig, { doc: pathDoc, ...orStrict })
  declare path?: RoutePathValidationConfig;
}
