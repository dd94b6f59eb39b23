import type { IncomingMessage } from 'node:http';
import { joinedHeaders } from '../../http/joined-headers.js';
import type { FastifyReply } from '../../security/controllers/fastify-exchange.js';
import type { Exchange } from '../../proxy/exchange.js';
import type { PlatformExchange } from '../../security/controllers/platform-exchange.js';
import { isConnectionField } from '../../fields/connection-fields.js';

/** Fields that frame a message, or that the gateway makes itself. */
const framing: ReadonlySet<string> = new Set(['content-length', 'expect', 'host', 'date', 'trailer']);

/** Fields of a response that tell of its content, which is the backend's. */
const content: ReadonlySet<string> = new Set([
  ...['content-encoding', 'content-language', 'content-location', 'content-range', 'content-type', 'etag'],
  // Express says with each response what it is.
  'x-powered-by',
]);

const isOwn = (lower: string): boolean => framing.has(lower) || isConnectionField(lower);

/** Has the backend get what guards, policies and middleware of the application have changed in the fields of a request. */
export function passRequestEdits(message: IncomingMessage, exchange: Exchange): void {
  const came = joinedHeaders(message.rawHeaders);
  const { headers } = message;
  for (const name in headers) {
    const value = headers[name];
    if (value === came[name] || value === undefined || isOwn(name)) continue;
    const text = Array.isArray(value) ? value.join(', ') : value;
    if (text !== String(came[name])) exchange.setRequestHeader(name, text);
  }
  for (const name in came) if (!(name in headers) && !isOwn(name)) exchange.setRequestHeader(name);
}

/** Has the client get the fields that the application has set on the response so far, in place of those of the backend. */
export function passResponseFields({ response }: PlatformExchange, reply: object, exchange: Exchange): void {
  const fields = { ...response.getHeaders(), ...('getHeaders' in reply ? (reply as FastifyReply).getHeaders() : {}) };
  for (const [name, value] of Object.entries(fields)) {
    const lower = name.toLowerCase();
    response.removeHeader(name);
    if (value === undefined || content.has(lower) || isOwn(lower)) continue;
    for (const each of Array.isArray(value) && lower === 'set-cookie' ? value : [value])
      exchange.setResponseHeader(name, Array.isArray(each) ? each.join(', ') : String(each));
  }
}
