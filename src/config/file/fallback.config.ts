import { Key } from '../language/key.js';
import { headerMap } from '../language/kinds/header-map.js';
import { body } from '../language/kinds/secret.js';
import { status } from '../language/kinds/status.js';
import { name } from '../language/kinds/text.js';

/** What a client gets whenever the gateway would answer for the upstream with 502, 503 or 504. */
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
    doc: 'Another upstream that takes the request, instead of `status`, `headers` and `body`; not one that a backend may have acted on already, such as a POST whose connection ended, nor one whose body is too large to have been kept (`retries.bufferRequest`). Its own fallback is not used.',
  })
  declare upstream?: string;
}
