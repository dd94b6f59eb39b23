import type { Socket } from 'node:net';
import type { Http1Channel } from '../../src/proxy/client/http1-channel.js';
import { Http1Message } from '../../src/proxy/client/http1-message.js';
import { Http1Responder } from '../../src/proxy/client/http1-responder.js';
import { RawClient } from './raw-client.js';
import { socketPair } from './socket-pair.js';

const listener = { name: 'web', scheme: 'http', port: 80, unix: false, draining: false } as const;
const flow = { resumeBody: () => {} };

/** A connection whose part is in the hands of the test: keeps what it is told of the answer. */
export class KeptChannel implements Http1Channel {
  readonly keepAlive = 'Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n';
  readonly told: string[] = [];
  mayPersist = true;
  responder: Http1Channel['responder'];
  readonly #over = Promise.withResolvers<void>();

  constructor(readonly socket: Socket) {}

  readonly written = (): void => {
    this.told.push('written');
    this.#over.resolve();
  };

  /** The system has taken the last of the answer. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  endWithAnswer(): void {
    this.mayPersist = false;
  }

  endWithClient(): void {}

  answering(persists: boolean): void {
    this.told.push(persists ? 'answers, may go on' : 'answers, ends');
  }

  handOver(): void {
    this.told.push('hands over');
  }

  takeAhead(): Buffer {
    return Buffer.alloc(0);
  }
}

/** How a request differs from a `GET` without a body by HTTP/1.1. */
export interface RequestOptions {
  readonly method?: string;
  readonly minor?: number;
  readonly fields?: string[];
  /** The request has a body, and none of that has come. */
  readonly hasBody?: boolean;
  readonly expectsContinue?: boolean;
  readonly draining?: boolean;
  readonly mayPersist?: boolean;
}

/** A request that has come, what is to answer it, and its client. */
export async function answering(options: RequestOptions = {}) {
  const { method = 'GET', minor = 1, fields = [], hasBody = false, expectsContinue = false } = options;
  const [peer, socket] = await socketPair();
  const client = new RawClient(peer);
  const channel = new KeptChannel(socket);
  channel.mayPersist = options.mayPersist ?? true;
  const message = new Http1Message(method, '/', fields, minor, hasBody, socket, flow);
  if (!hasBody) message.end([]);
  const draining = options.draining ?? false;
  const responder = new Http1Responder(channel, message, expectsContinue, { ...listener, draining });
  return { client, channel, message, responder, socket, writes: countWrites(socket) };
}

/** Counts what is written to a socket from now on. */
function countWrites(socket: Socket): () => number {
  let writes = 0;
  const write = socket.write.bind(socket) as Socket['write'];
  socket.write = ((...args: Parameters<Socket['write']>) => (writes++, write(...args))) as Socket['write'];
  return () => writes;
}
