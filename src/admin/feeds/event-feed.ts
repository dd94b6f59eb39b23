import type { FastifyReply, FastifyRequest } from 'fastify';
import { securityHeaders } from '../admin-problem.js';

/** Who gets the events of a feed. */
export interface FeedClient {
  /** Sends an event. `data`: one line. False: more should wait until {@link drained}. Without effect when the client has gone. */
  send(event: string, data: string): boolean;
  /** Resolves when what was sent has been taken; at once where nothing waits. Never when the client has gone. */
  drained(): Promise<void>;
}

/** An answer that goes on: a stream of server-sent events. */
export class EventFeed {
  /** `begin` starts to send events, and gives what ends that when the client has gone. */
  constructor(readonly begin: (client: FeedClient) => () => void) {}
}

/** Milliseconds between two comments: they show that the connection is still there. */
const heartbeat = 15_000;

/** Sends a feed to a client, until it goes or the server closes. */
export function sendFeed(request: FastifyRequest, reply: FastifyReply, { begin }: EventFeed): void {
  const headers = { ...securityHeaders, 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' };
  if (request.method === 'HEAD') return void reply.headers(headers).send();
  reply.hijack();
  const { raw } = reply;
  // The client has gone meanwhile: nothing would end the feed.
  if (raw.destroyed) return;
  raw.writeHead(200, headers);
  raw.write(': this goes on until you leave\n\n');
  const client: FeedClient = {
    send: (event, data) => raw.writable && raw.write(`event: ${event}\ndata: ${data}\n\n`),
    drained: () =>
      raw.writableNeedDrain ? new Promise(resolve => void raw.once('drain', resolve)) : Promise.resolve(),
  };
  const beat = setInterval(() => {
    if (!raw.writableNeedDrain) raw.write(':\n\n');
  }, heartbeat).unref();
  const end = begin(client);
  raw.once('close', () => {
    clearInterval(beat);
    end();
  });
}
