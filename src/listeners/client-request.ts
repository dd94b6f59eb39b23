import { IncomingMessage } from 'node:http';
import { joinedMessagePush, joinedRead } from '../http/joined-readable.js';

/**
 * A client's request: one of Node's, but that pieces of its body are joined while they wait. Chunks of one byte cost their client six bytes, and
 * would cost the gateway some hundred each.
 */
export class ClientRequest extends IncomingMessage {}

Object.assign(ClientRequest.prototype, { push: joinedMessagePush, read: joinedRead });
