import { IncomingMessage } from 'node:http';
import { joinedMessagePush, joinedRead } from '../http/joined-readable.js';

/**
 * A client's request: Node's, except that waiting pieces of its body are joined. A chunk of one byte costs its client six
 * bytes; kept alone, it would cost the gateway some hundred.
 */
export class ClientRequest extends IncomingMessage {}

Object.assign(ClientRequest.prototype, { push: joinedMessagePush, read: joinedRead });
