import { foldName } from '../../fields/fold-name.js';
import {
  forwardingFamilies,
  forwardingFields,
  isForwardingName,
  writtenFields,
} from '../../fields/forwarding-fields.js';
import { Key } from '../language/key.js';
import { flag } from '../language/kinds/choice.js';
import { editableHeaderName } from '../language/kinds/header.js';
import { Invalid } from '../language/kinds/invalid.js';
import type { Kind } from '../language/kinds/kind.js';
import { list } from '../language/kinds/list.js';

/** Fields that every request has or needs, or that say where it goes. */
const needed = /^(?:host|expect|max-forwards|via|accept|cookie|authorization|content-.*)$/;

const addedField = refusing(name => needed.test(name), 'says what a request is, not who asks');
const keptField = refusing(
  name => writtenFields.has(name),
  'is a field that the gateway writes itself: list whom you believe in trustedProxies',
);

/** Fields of answers, or of any message, that say something else. */
const spokenFor =
  /^(?:x-client-cert-.*|set-cookie|location|date|server|vary|etag|www-authenticate|retry-after|x-gateway-error|traceparent|tracestate)$/;
const idField = refusing(
  name => needed.test(name) || spokenFor.test(name) || isForwardingName(name),
  'has another meaning: choose another name',
);

/** A field that may be named, unless its name, folded, is one of `others`. */
function refusing(others: (folded: string) => boolean, problem: string): Kind<string> {
  return {
    ...editableHeaderName,
    parse(raw, source) {
      const name = editableHeaderName.parse(raw, source);
      if (name instanceof Invalid || !others(foldName(name))) return name;
      return new Invalid(raw, this.expected, { message: `${JSON.stringify(raw)} ${problem}` });
    },
  };
}

const quoted = (names: readonly string[], separator: string): string =>
  names.map(name => `\`${name}\``).join(separator);

/** Fields that proxies tell of clients by, beside those that the gateway writes. */
export class ForwardedFieldsConfig {
  @Key(list(addedField), {
    doc: 'Names of further fields by which your own proxies tell of clients: taken out of what anybody else sends.',
  })
  add: string[] = [];

  @Key(list(keptField), {
    doc: `Names of the built-in list that anybody may send. Mind what your backends believe in them. The list: everything that begins with ${quoted(forwardingFamilies, ' or ')}, and ${quoted(forwardingFields, ', ')}. A name that is not on it has no effect, of which \`check\` warns.`,
  })
  keep: string[] = [];
}

/** The id by which a request is found again in logs. */
export class RequestIdConfig {
  @Key(idField, {
    doc: 'The field that carries it to the backend, and to the client. The id of a trusted proxy is kept where it is printable ASCII of at most 128 characters; any other request gets a new one (a random UUID). Not a field that has another meaning, nor one in which identities, API keys or `forwardedFields.add` stand.',
  })
  header: string = 'x-request-id';

  @Key(flag, {
    doc: 'Whether the client gets it, with every answer, in place of what the backend says under this name. `false`: nothing is said of it in the fields of answers; those of backends pass.',
  })
  echo: boolean = true;
}
