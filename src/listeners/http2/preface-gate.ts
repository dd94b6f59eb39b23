import type { Socket } from 'node:net';

/** What a client of HTTP/2 sends first (RFC 9113 §3.4). */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** What a connection turned out to speak. */
export type Spoken = 'http1' | 'http2';

/**
 * Tells HTTP/2 with prior knowledge (RFC 9113 §3.3) from HTTP/1.1 by the first bytes of each connection. The first byte that differs from the 24
 * bytes of the preface decides: for every registered method it is one of the first three.
 */
export class PrefaceGate {
  /** `timeout`: milliseconds within which a connection must have shown what it speaks; 0 = no limit. */
  constructor(private readonly timeout: number) {}

  /**
   * Calls `proceed` when it is known what the connection speaks; all that has come is still unread then. A connection that ends before, or does not show it in time, is closed
   * without an answer: there is no protocol yet in which to give one.
   */
  admit(socket: Socket, proceed: (spoken: Spoken) => void): void {
    let held: Buffer = Buffer.alloc(0);
    const cut = (): void => void socket.destroy();
    let late: NodeJS.Immediate | undefined;
    // The cut runs behind what has come while the event loop was busy, so that this time does not count against clients.
    const onTimeout = (): void => void (late = setImmediate(cut));
    const timer = this.timeout > 0 ? setTimeout(onTimeout, this.timeout).unref() : undefined;
    const leave = (): void => {
      clearTimeout(timer);
      clearImmediate(late);
      socket.off('readable', look).off('end', cut).off('error', cut).off('close', leave);
    };
    const look = (): void => {
      for (let chunk = read(socket); chunk !== null; chunk = read(socket)) {
        held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
        const spoken = spokenBy(held);
        if (spoken === undefined) continue;
        leave();
        socket.unshift(held);
        return proceed(spoken);
      }
    };
    socket.on('readable', look).on('end', cut).on('error', cut).on('close', leave);
    // What has come behind a PROXY protocol header waits already.
    look();
  }
}

/** Undefined: it may still become either. */
function spokenBy(bytes: Buffer): Spoken | undefined {
  const length = Math.min(bytes.length, preface.length);
  if (preface.compare(bytes, 0, length, 0, length) !== 0) return 'http1';
  return length === preface.length ? 'http2' : undefined;
}

function read(socket: Socket): Buffer | null {
  return socket.read() as Buffer | null;
}
