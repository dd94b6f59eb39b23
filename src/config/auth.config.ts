import { Block, Key, ListOf } from './key.js';
import { choice } from './kinds/choice.js';
import { headerName } from './kinds/header.js';
import { list, set } from './kinds/list.js';
import { map } from './kinds/map.js';
import { secret } from './kinds/secret.js';
import { label, text } from './kinds/text.js';
import { url } from './kinds/url.js';

const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const;
const claim = text({ label: 'claim', expected: 'the name of a claim', maxLength: 128 });
const oneLine = text({ expected: 'a text on one line', pattern: /^\P{Cc}+$/u, maxLength: 1024 });

/** JSON Web Tokens in `Authorization: Bearer`. */
export class JwtConfig {
  @Key(url(['https', 'http'], 'https://issuer.example/jwks.json'), {
    required: true,
    doc: 'Where the public keys are. They are fetched at start and again when a token names an unknown key.',
  })
  declare jwks: string;

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

  @Key(map(claim, headerName), {
    doc: 'Claims that the backend gets as header fields: `{ sub: x-user-id }`. What a client sent under these names is removed.',
  })
  forwardClaims: Map<string, string> = new Map();
}

/** One API key. */
export class ApiKeyEntryConfig {
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
  @Key(headerName, { doc: 'Header field that carries the key. It is not passed on to the backend.' })
  header: string = 'x-api-key';

  @ListOf(() => ApiKeyEntryConfig, { required: true, min: 1, doc: 'The keys that are accepted.' })
  declare keys: ApiKeyEntryConfig[];
}

/** A user of HTTP basic authentication. */
export class BasicUserConfig {
  @Key(text({ expected: 'a user name without a colon', pattern: /^[^:\p{Cc}]+$/u, maxLength: 256 }), {
    required: true,
    doc: 'User name.',
  })
  declare name: string;

  @Key(secret('a scrypt hash of the password'), { required: true, doc: 'scrypt hash of the password.' })
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

  @Key(list(headerName), {
    doc: 'Header fields of its answer that the backend gets. What a client sent under these names is removed.',
  })
  copyHeaders: string[] = [];
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

  @Key(choice('any', 'all'), { doc: 'Whether one of the methods given is enough, or all must agree.' })
  mode: 'any' | 'all' = 'any';
}
