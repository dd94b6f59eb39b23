import { Key } from './key.js';
import { flag } from './kinds/choice.js';
import { editableHeaderName } from './kinds/header.js';
import { Invalid } from './kinds/invalid.js';
import type { Kind } from './kinds/kind.js';
import { list } from './kinds/list.js';

/** Fields that every request has or needs, or that say where it goes. */
const needed = /^(?:host|expect|max-forwards|via|accept|cookie|authorization|content-.*)$/;

/** Fields that the gateway writes itself, from what the connection and its trusted proxy say. */
const written = /^(?:forwarded|x-forwarded-(?:for|proto|host|port)|x-real-ip)$/;

const addedField = refusing(needed, 'says what a request is, not who asks');
const keptField = refusing(
  written,
  'is a field that the gateway writes itself: list whom you believe in trustedProxies',
);
const idField = refusing(
  new RegExp(`${needed.source}|${written.source}|^x-client-cert-`),
  'has another meaning: choose another name',
);

/** A field that may be named, unless its name is one of `others`. */
function refusing(others: RegExp, problem: string): Kind<string> {
  return {
    ...editableHeaderName,
    parse(raw, source) {
      const name = editableHeaderName.parse(raw, source);
      if (name instanceof Invalid || !others.test(name.replace(/[^a-z0-9]/g, '-'))) return name;
      return new Invalid(raw, this.expected, { message: `${JSON.stringify(raw)} ${problem}` });
    },
  };
}

/** Fields that proxies tell of clients by, beside those that the gateway writes. */
export class ForwardedFieldsConfig {
  @Key(list(addedField), {
    doc: 'Names of further fields by which your own proxies tell of clients: taken out of what anybody else sends.',
  })
  add: string[] = [];

  @Key(list(keptField), {
    doc: 'Names of the built-in list that anybody may send. Mind what your backends believe in them. The list: `Forwarded`, `X-Real-IP`, everything that begins with `X-Forwarded-` or `X-Original-`, `X-Forwarded`, `Forwarded-For`, `Client-IP`, `X-Client-IP`, `X-Cluster-Client-IP`, `True-Client-IP`, `CF-Connecting-IP`, `CF-Connecting-IPv6`, `Fastly-Client-IP`, `Proxy-Client-IP`, `WL-Proxy-Client-IP`, `Front-End-Https`, `X-Scheme`, `X-Url-Scheme`, `X-Rewrite-URL`.',
  })
  keep: string[] = [];
}

/** The id by which a request is found again in logs. */
export class RequestIdConfig {
  @Key(idField, {
    doc: 'The field that carries it to the backend, and to the client. The id of a trusted proxy is kept where it is printable ASCII of at most 128 characters; any other request gets a new one (a random UUID).',
  })
  header: string = 'x-request-id';

  @Key(flag, {
    doc: 'Whether the client gets it, with every answer, in place of what the backend says under this name. `false`: nothing is said of it in the fields of answers; those of backends pass.',
  })
  echo: boolean = true;
}
