import { describe, expect, it } from 'vitest';
import { refuseWrites } from '../../../test/support/carried-scene.js';
import { socketPair } from '../../../test/support/socket-pair.js';
import type { RawHeaders } from '../../fields/raw-headers.js';
import type { Fault } from '../../http1/fault.js';
import type { ResponseReader } from '../../http1/response-reader.js';
import { Http1Connection, type Carried } from './http1-connection.js';

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const switching = 'HTTP/1.1 101 Switching Protocols\r\n\r\n';

/** An exchange that keeps what it is told: statuses, pieces of the body, and how it ends. */
class Exchange implements Carried {
  readonly told: unknown[] = [];
  /** What it does when it is told of a head, or of a piece of the body. */
  onHead = (_: ResponseReader): void => {};
  onBody = (): void => {};

  headRead(reader: ResponseReader): void {
    this.told.push(reader.status);
    this.onHead(reader);
  }

  bodyRead(piece: Buffer): void {
    this.told.push(piece.toString('latin1'));
    this.onBody();
  }

  responseRead(trailers: RawHeaders, hasRest: boolean): void {
    this.told.push(['whole', ...trailers, ...(hasRest ? ['and more'] : [])]);
  }

  switched(rest: Buffer): void {
    this.told.push(['switched', rest.toString('latin1')]);
  }

  faulty({ kind }: Fault): void {
    this.told.push(kind);
  }

  lost(error: Error | undefined): void {
    this.told.push(['lost', error?.message]);
  }

  drained(): void {
    this.told.push('drained');
  }

  waits(): void {}
}

/** A connection that carries an exchange, and an owner that counts how often it is told that the connection is gone. */
async function start(isBodiless = false) {
  const [socket] = await socketPair();
  const owner = {
    closed: 0,
  };
  const connection = new Http1Connection(socket, { maxHead: 500 }, { closed: () => owner.closed++ });
  const carry = (bodiless = false): Exchange => {
    const exchange = new Exchange();
    connection.carry(exchange, bodiless);
    return exchange;
  };
  const exchange = carry(isBodiless);
  const read = (...pieces: string[]): void => {
    for (const piece of pieces) connection.read(Buffer.from(piece, 'latin1'));
  };
  return { connection, socket, owner, exchange, carry, read };
}

describe('a connection that carries a request', () => {
  it('tells of a response from its head to its trailers, and of those before it', async () => {
    const { exchange, read } = await start();
    read('HTTP/1.1 103 Early Hints\r\n\r\n', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    read('2\r\nok\r\n', '0\r\nX-Sum: 1\r\n\r\n');
    expect(exchange.told).toEqual([103, 200, 'ok', ['whole', 'X-Sum', '1']]);
  });

  it('tells of a response that comes at once with those before it', async () => {
    const { exchange, read } = await start();
    read(`HTTP/1.1 100 Continue\r\n\r\n${ok}`);
    expect(exchange.told).toEqual([100, 200, 'ok', ['whole']]);
  });

  it('tells of a response in pieces of one byte', async () => {
    const { exchange, read } = await start();
    read(...ok);
    expect(exchange.told).toEqual([200, 'o', 'k', ['whole']]);
  });

  it('knows that more has come than was asked for', async () => {
    const { exchange, read } = await start();
    read(`${ok}!`);
    expect(exchange.told).toEqual([200, 'ok', ['whole', 'and more']]);
  });

  it('expects no body of what answers HEAD, and one of what answers the next request', async () => {
    const { connection, exchange, carry, read } = await start(true);
    read('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n');
    expect(exchange.told).toEqual([200, ['whole']]);
    connection.free();
    const next = carry();
    read(ok);
    expect(next.told).toEqual([200, 'ok', ['whole']]);
  });

  it.each([
    [ok, true],
    ['HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n', false],
    ['HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok', false],
    ['HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok', true],
    ['HTTP/1.1 200 OK\r\n\r\nok', false],
  ])('knows whether another request may follow: %j %s', async (bytes, isPersistent) => {
    const { connection, read } = await start();
    read(bytes);
    expect(connection.isPersistent).toBe(isPersistent);
  });

  it('forgets the trailers of one response with the next', async () => {
    const { connection, carry, read } = await start();
    read('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 1\r\n\r\n');
    connection.free();
    const next = carry();
    read(ok);
    expect([next.told.at(-1), connection.served]).toEqual([['whole'], 1]);
  });

  it.each([
    ['220 smtp.example ESMTP\r\n', ['malformed']],
    [`HTTP/1.1 200 OK\r\nX-Large: ${'a'.repeat(500)}\r\n\r\n`, ['too-large']],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nxyz\r\n', [200, 'ok', 'malformed']],
  ])('says that what has come is no response: %j', async (bytes, told) => {
    const { exchange, read } = await start();
    read(bytes);
    expect(exchange.told).toEqual(told);
  });

  it.each<[string, (exchange: Exchange, close: () => void) => void, unknown[]]>([
    ['head', (exchange, close) => (exchange.onHead = close), [200]],
    ['body', (exchange, close) => (exchange.onBody = close), [200, 'o']],
  ])('tells nothing more once it was closed by what it tells of the %s', async (_, on, told) => {
    const { connection, exchange, owner, read } = await start();
    on(exchange, () => connection.close());
    read('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n', '1\r\nk\r\n0\r\n\r\nmore');
    connection.ended();
    connection.lost(undefined);
    expect([exchange.told, owner.closed, connection.socket.destroyed]).toEqual([told, 1, true]);
  });

  it('tells when the backend takes more of the request', async () => {
    const { connection, exchange } = await start();
    connection.drained();
    connection.free();
    connection.drained();
    expect(exchange.told).toEqual(['drained']);
  });
});

describe('the end of a connection', () => {
  it('ends a response that lasts until then', async () => {
    const { connection, exchange, read } = await start();
    read('HTTP/1.1 200 OK\r\n\r\n', 'all');
    connection.ended();
    expect(exchange.told).toEqual([200, 'all', ['whole', 'and more']]);
  });

  it.each([
    ['HTTP/1.1 200 OK\r\nContent-', ['truncated']],
    ['HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf', [200, 'half', 'truncated']],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n', [200, 'half', 'truncated']],
  ])('within a response says so: %j', async (bytes, told) => {
    const { connection, exchange, read } = await start();
    read(bytes);
    connection.ended();
    expect(exchange.told).toEqual(told);
  });

  it.each(['', 'HTTP/1.1 103 Early Hints\r\n\r\n'])('before a response loses the connection: %j', async bytes => {
    const { connection, exchange, owner, read } = await start();
    read(bytes);
    connection.ended();
    expect([exchange.told.at(-1), owner.closed]).toEqual([['lost', undefined], 1]);
  });

  it('by an error loses it, also where a response lasts until the end', async () => {
    const { connection, exchange, read } = await start();
    read('HTTP/1.1 200 OK\r\n\r\n', 'half');
    connection.lost(new Error('reset'));
    expect(exchange.told).toEqual([200, 'half', ['lost', 'reset']]);
  });

  it('is told once, however it comes', async () => {
    const { connection, exchange, owner } = await start();
    connection.ended();
    connection.lost(new Error('reset'));
    connection.lost(undefined);
    connection.close();
    expect([exchange.told, owner.closed, connection.isUsable]).toEqual([[['lost', undefined]], 1, false]);
  });
});

describe('a connection that carries nothing', () => {
  it.each<[string, (connection: Http1Connection) => void]>([
    ['the backend sends something: it would be taken for the next answer', one => one.read(Buffer.from(ok))],
    ['the backend ends it', one => one.ended()],
    ['it was unused for too long', one => one.late()],
    ['it breaks', one => one.lost(new Error('reset'))],
  ])('is of no use any more when %s', async (_, happens) => {
    const { connection, exchange, owner, read } = await start();
    read(ok);
    connection.free();
    expect(connection.isUsable).toBe(true);
    happens(connection);
    expect([connection.isUsable, owner.closed]).toEqual([false, 1]);
    connection.lost(undefined);
    expect([owner.closed, exchange.told.length]).toEqual([1, 3]);
  });

  it('is of no use once it takes no more to write, though it is open', async () => {
    const { connection, socket } = await start();
    connection.free();
    socket.end();
    expect([connection.isUsable, socket.destroyed]).toEqual([false, false]);
  });

  it('closes its socket then', async () => {
    const { connection, socket, read } = await start();
    connection.free();
    read(ok);
    expect(socket.destroyed).toBe(true);
  });

  it('is of no use once a write has failed, though it is open', async () => {
    const { connection, socket } = await start();
    connection.free();
    refuseWrites(socket);
    expect([connection.isUsable, socket.destroyed]).toEqual([false, false]);
  });
});

describe('a connection that switches its protocol', () => {
  it('hands over what came behind the head, and is gone for its owner', async () => {
    const { connection, exchange, owner, read, socket } = await start();
    let handedOver = 0;
    connection.onHandOver = () => handedOver++;
    exchange.onHead = () => connection.handOver();
    read(`${switching}frame`);
    expect(exchange.told).toEqual([101, ['switched', 'frame']]);
    expect([owner.closed, handedOver, socket.destroyed, connection.isUsable]).toEqual([1, 1, false, false]);
  });

  it('tells nothing of what comes then, and leaves the socket open', async () => {
    const { connection, exchange, owner, read, socket } = await start();
    exchange.onHead = () => connection.handOver();
    read(switching, 'frame');
    connection.drained();
    connection.ended();
    connection.lost(undefined);
    expect(exchange.told).toEqual([101, ['switched', '']]);
    expect([owner.closed, socket.destroyed]).toEqual([1, false]);
  });
});
