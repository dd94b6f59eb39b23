import { type RawBackend, type RawConnection, startRawBackend } from './raw-backend.js';
import { Ambiguous, readStrictly, type StrictRequest } from './strict-request.js';
import { valuesOf } from './header-list.js';

const textOf = ({ method, target, body }: StrictRequest): string => `${method} ${target} ${body.length}`;

/** A backend that records raw bytes, reads them strictly, and answers each request with its own method and target, and the length of its body. */
export class StrictBackend {
  /** The requests of all connections, in the order in which they were whole. */
  readonly requests: StrictRequest[] = [];
  /** What could be understood in more than one way, with the bytes. */
  readonly ambiguities: string[] = [];

  constructor(readonly raw: RawBackend) {}

  get url(): string {
    return this.raw.url;
  }

  /** Method, target and length of the body of each request so far: what it was answered. */
  get seen(): string[] {
    return this.requests.map(textOf);
  }

  /** Forgets what it has seen. */
  forget(): void {
    this.requests.length = 0;
    this.ambiguities.length = 0;
  }

  /** Serves one connection until it ends. */
  serve(connection: RawConnection): void {
    let used = 0;
    let continued = -1;
    connection.socket.on('data', () => {
      try {
        for (;;) {
          const rest = connection.received.subarray(used).toString('latin1');
          if (rest === '') return;
          const found = readStrictly(rest);
          if (found === undefined) {
            if (continued === used || !/^[^]*?\r\nexpect: 100-continue\r\n(?=[^]*\r\n\r\n)/i.test(rest)) return;
            continued = used;
            return connection.respond('HTTP/1.1 100 Continue\r\n\r\n');
          }
          used += found.used;
          this.#answer(connection, found.request);
        }
      } catch (error) {
        if (!(error instanceof Ambiguous)) throw error;
        this.ambiguities.push(`${error.message} in ${JSON.stringify(connection.text.slice(used))}`);
        connection.end();
      }
    });
  }

  #answer(connection: RawConnection, request: StrictRequest): void {
    this.requests.push(request);
    const { method, headers } = request;
    const text = textOf(request);
    const close = valuesOf(headers, 'connection').some(value => /close/i.test(value));
    connection.respond(
      `HTTP/1.1 200 OK\r\n${close ? 'Connection: close\r\n' : ''}Content-Length: ${text.length}\r\n\r\n${method === 'HEAD' ? '' : text}`,
    );
    if (close) connection.end();
  }
}

/** Starts one; closed when the test has finished. */
export async function startStrictBackend(): Promise<StrictBackend> {
  const raw = await startRawBackend();
  const backend = new StrictBackend(raw);
  raw.script = connection => backend.serve(connection);
  return backend;
}
