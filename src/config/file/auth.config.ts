import { writtenFields } from '../../fields/forwarding-fields.js';
import { Block, Key, ListOf } from '../language/key.js';
import { choice, flag } from '../language/kinds/choice.js';
import { filePath } from '../language/kinds/file-path.js';
import { duration } from '../language/kinds/duration.js';
import { editableHeaderName } from '../language/kinds/header.js';
import { Invalid } from '../language/kinds/invalid.js';
import type { Kind } from '../language/kinds/kind.js';
import { list, set } from '../language/kinds/list.js';
import { map } from '../language/kinds/map.js';
import { secret } from '../language/kinds/secret.js';
import { label, text } from '../language/kinds/text.js';
import { url } from '../language/kinds/url.js';

const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const;
const claim = text({ label: 'claim', expected: 'the name of a claim', maxLength: 128 });
const oneLine = text({ expected: 'a text on one line', pattern: /^\P{Cc}+$/u, maxLength: 1024 });

/** Fields that the gateway writes itself, or that route a message: removing the client's would remove the gateway's. */
const ownFields: ReadonlySet<string> = new Set(['host', 'max-forwards', 'via', ...writtenFields, 'x-request-id']);

/** The name of a field that carries credentials or an identity. */
const identityField: Kind<string> = {
  ...editableHeaderName,
  parse(raw, source) {
    const parsed = editableHeaderName.parse(raw, source);
    if (parsed instanceof Invalid || !ownFields.has(parsed)) return parsed;
    const message = `${JSON.stringify(raw)} is a field that the gateway sets itself: choose another name`;
    return new Invalid(raw, this.expected, { message });
  },
};

/**
 * A scrypt hash in the PHC string format: `$scrypt$ln=15,r=8,p=3$salt$hash`, base64 without padding. The groups: ln, r, p, salt,
 * hash. At most 512 MiB of memory and 16 passes for one check.
 */
export const scryptHash =
  /^\$scrypt\$ln=(1[0-8]),r=([1-9]|1[0-6]),p=([1-9]|1[0-6])\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

/** JSON Web Tokens in `Authorization: Bearer`. */
export class JwtConfig {
  @Key(url(['https', 'http'], 'https://issuer.example/jwks.json'), {
    required: true,
    doc: 'Where the public keys are. They are fetched in the background at start, every ten minutes, and when a token names an unknown key (once in 10 s at most). Until they are there a request with a token gets 503. At most 100 keys. A token that names none (`kid`) is checked by the first 10 that fit its algorithm.',
  })
  declare jwks: string;

  @Key(filePath, {
    doc: 'PEM file with the authorities that the server of `jwks` must be certified by, instead of the well-known ones. Read again with each fetch.',
  })
  declare ca?: string;

  @Key(oneLine, { required: true, doc: 'What `iss` must be.' })
  declare issuer: string;

  @Key(oneLine, {
    required: true,
    doc: 'What `aud` must be or contain. Without it, a token for any other service of the same issuer would do.',
  })
  declare audience: string;

  @Key(set(choice(...algorithms), { min: 1 }), {
    doc: 'Signature algorithms that are accepted. Only those with a public key: `none` and shared secrets are not offered.',
  })
  algorithms: (typeof algorithms)[number][] = ['RS256', 'ES256'];

  @Key(map(claim, identityField), {
    doc: 'Claims that the backend gets as header fields: `{ sub: x-user-id }`. Texts (in UTF-8), numbers, booleans, and lists of them, joined by commas; a value that cannot stand in a field unchanged is left out. What a client sent under these names is removed, on every route.',
  })
  forwardClaims: Map<string, string> = new Map();
}

/** One API key. */
class ApiKeyEntryConfig {
  @Key(label, { required: true, doc: 'Who uses it: for logs and limits, never secret.' })
  declare id: string;

  @Key(secret('the SHA-256 of the key as 64 hexadecimal digits', /^[0-9a-f]{64}$/i), {
    required: true,
    doc: 'SHA-256 of the key in hexadecimal digits (`printf %s "$KEY" | sha256sum`), so that the file does not hold the key itself.',
  })
  declare sha256: string;
}

/** API keys in a header. */
export class ApiKeyConfig {
  @Key(identityField, { doc: 'Header field that carries the key.' })
  header: string = 'x-api-key';

  @ListOf(() => ApiKeyEntryConfig, { required: true, min: 1, doc: 'The keys that are accepted.' })
  declare keys: ApiKeyEntryConfig[];
}

/** A user of HTTP basic authentication. */
class BasicUserConfig {
  @Key(text({ expected: 'a user name without a colon', pattern: /^[^:\p{Cc}]+$/u, maxLength: 256 }), {
    required: true,
    doc: 'User name.',
  })
  declare name: string;

  @Key(secret('a scrypt hash such as $scrypt$ln=15,r=8,p=3$…$… (gatehouse hash-password makes one)', scryptHash), {
    required: true,
    doc: 'scrypt hash of the password in the PHC string format, as `gatehouse hash-password` prints it.',
  })
  declare scrypt: string;
}

/** HTTP basic authentication (RFC 7617). */
export class BasicAuthConfig {
  @Key(text({ expected: 'a text without quotes', pattern: /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/, maxLength: 256 }), {
    doc: 'What the browser shows when it asks for the password.',
  })
  realm: string = 'gatehouse';

  @ListOf(() => BasicUserConfig, { required: true, min: 1, doc: 'The users.' })
  declare users: BasicUserConfig[];
}

/** Authentication by another service. */
export class ForwardAuthConfig {
  @Key(url(['http', 'https'], 'http://auth:4000/verify'), {
    required: true,
    doc: 'It is asked about each request with its head, without the body: a 2xx lets the request through, any other answer goes to the client.',
  })
  declare url: string;

  @Key(filePath, {
    doc: 'PEM file with the authorities that it must be certified by, instead of the well-known ones.',
  })
  declare ca?: string;

  @Key(list(identityField), {
    doc: 'Header fields of its answer that the backend gets. What a client sent under these names is removed, on every route (`authorization` and `cookie`: on this one).',
  })
  copyHeaders: string[] = [];

  @Key(duration({ min: 1, max: 60_000 }), {
    doc: 'Its whole answer must be there in this time, or the client gets 503.',
  })
  timeout: number = 2000;
}

/** Who may use a route. */
export class AuthConfig {
  @Block(() => JwtConfig, { doc: 'JSON Web Tokens.' })
  declare jwt?: JwtConfig;

  @Block(() => ApiKeyConfig, { doc: 'API keys.' })
  declare apiKey?: ApiKeyConfig;

  @Block(() => BasicAuthConfig, { doc: 'User name and password.' })
  declare basic?: BasicAuthConfig;

  @Block(() => ForwardAuthConfig, { doc: 'Asks another service.' })
  declare forward?: ForwardAuthConfig;

  @Key(choice('any', 'all', 'off'), {
    doc: 'Whether one of the methods given is enough, or all must agree. `off`, on a route and without methods: the route needs no credentials, even if the top-level block requires them.',
  })
  mode: 'any' | 'all' | 'off' = 'any';

  @Key(identityField, {
    doc: 'A header field that tells the backend who sends a request, whichever method has found it out: the id of the API key, the user name, the `sub` of a token, the first of `forward.copyHeaders`. In UTF-8; a value that cannot stand in a field unchanged is left out. What a client sent under this name is removed, on every route.',
  })
  declare forwardUser?: string;

  @Key(flag, {
    doc: 'Whether the backend gets the credentials that let the request through: `Authorization` of `jwt` and `basic`, the field of `apiKey`. Others in these fields, and what any method has refused, are removed in any case. Without `jwt` and `basic`, `Authorization` passes; with `forward`, only where that has let the request through.',
  })
  forwardCredentials: boolean = false;
}
