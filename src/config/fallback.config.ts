import { Key } from './key.js';
import { headerMap } from './kinds/header-map.js';
import { body } from './kinds/secret.js';
import { status } from './kinds/status.js';
import { name } from './kinds/text.js';

/** What a client gets when no backend may be used. */
export class FallbackConfig {
  @Key(status, { doc: 'Status of the answer.' })
  status: number = 503;

  @Key(headerMap, { doc: 'Header fields of the answer.' })
  headers: Map<string, string> = new Map();

  @Key(body, {
    doc: 'Body of the answer: a text, or `{ file: path }`, which is read once at start (at most 1mb).',
    defaultText: 'a problem document',
  })
  declare body?: string;

  @Key(name, {
    doc: 'Another upstream that takes the request, instead of `status`, `headers` and `body`. Its own fallback is not used.',
  })
  declare upstream?: string;
}
