import { Http1Connection } from '../../src/listeners/http1/http1-connection.js';
import type { ConnectionLimits } from '../../src/listeners/http1/connection-limits.js';
import type { Http1Channel } from '../../src/proxy/client/http1-channel.js';
import type { Http1Message } from '../../src/proxy/client/http1-message.js';
import { eventually, patience, within } from './poll.js';
import { RawClient } from './raw-client.js';
import { socketPair } from './socket-pair.js';

/** The limits of {@link connectionScene}, in milliseconds. */
export const sceneLimits: ConnectionLimits = {
  headerTimeout: 5_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 10_000,
  requestsPerConnection: 0,
};

/** How a scene differs. */
export interface SceneOptions {
  readonly limits?: Partial<ConnectionLimits>;
  /** Milliseconds for which the connection has stood. Default 0. */
  readonly age?: number;
  /** What is done with each request as it begins. Default: nothing. */
  readonly begin?: (message: Http1Message, connection: Http1Connection) => void;
}

/** A connection of HTTP/1.x with its client, and a handler that keeps what it is told. */
export async function connectionScene({ limits, age = 0, begin = () => {} }: SceneOptions = {}) {
  const [clientSocket, server] = await socketPair();
  clientSocket.allowHalfOpen = true;
  server.allowHalfOpen = true;
  server.setNoDelay();
  clientSocket.setNoDelay();
  const told: string[] = [];
  const begun: Http1Message[] = [];
  const sut: Http1Connection = new Http1Connection(
    server,
    { maxHead: 16 * 1024 },
    { ...sceneLimits, ...limits },
    {
      begin(message) {
        told.push(`${message.method} ${message.target}`);
        begun.push(message);
        begin(message, sut);
      },
      over: (_socket, isWhole) => void told.push(isWhole ? 'whole' : 'gone'),
      broken(trouble, _, isBetween) {
        told.push(`${typeof trouble === 'string' ? trouble : trouble.kind} ${isBetween ? 'between' : 'within'}`);
        if (!isBetween) return void answer(sut, 'broken', false);
        sut.socket.write(answerOf('refused', false));
        sut.linger();
      },
    },
    'Connection: keep-alive\r\n',
    performance.now() - age,
  );
  const closed = new Promise<void>(resolve => server.once('close', () => resolve()));
  const client = new RawClient(clientSocket);
  return {
    sut,
    server,
    client,
    /** `GET /` for a request, `whole` or `gone` for its end, `malformed between` or `late-body within` for trouble. */
    told,
    begun,
    /** Answers the request that is under way; `text` is the body. */
    answer: (text = 'ok', persists = true) => answer(sut, text, persists),
    /** Waits until that many things have been told. */
    tells: (count: number) => eventually(() => told.length >= count, { what: `${count} events` }),
    /** Waits until the connection has got that many bytes of its client. */
    gets: (count: number) => eventually(() => server.bytesRead >= count, { what: `${count} bytes` }),
    /** Waits until the connection is closed. */
    isClosed: () => within(closed, patience, 'the end of the connection'),
    /** Looks at the times of the connection as in so many milliseconds. */
    /** Two looks at its times: now, and in so many milliseconds. */
    sweepIn: (ms: number) => {
      const now = performance.now();
      sut.sweep(now);
      sut.sweep(now + ms);
    },
  };
}

/** Answers the request that is under way on a connection; `text` is the body. */
export function answer(connection: Http1Channel, text = 'ok', persists = true): void {
  connection.answering(persists);
  connection.socket.write(answerOf(text, connection.mayPersist), 'latin1', connection.written);
}

function answerOf(text: string, persists: boolean): string {
  return `HTTP/1.1 200 OK\r\nConnection: ${persists ? 'keep-alive' : 'close'}\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
}
