import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { settled } from '../../../test/support/back-pressure.js';
import { answering, CarriedScene, ok, sendTo } from '../../../test/support/carried-scene.js';
import { RecordedAttempt, upload } from '../../../test/support/forwarding.js';
import { eventually } from '../../../test/support/poll.js';
import { startRawBackend, type RawScript } from '../../../test/support/raw-backend.js';
import { GatewayError } from '../../http/gateway-error.js';
import { RequestBody, type BodyFeed } from '../client/request-body.js';

const tooLarge = new GatewayError('BODY_TOO_LARGE');

/** A chunked body, `abc`, with these trailers. */
function bodyWith(trailers: string[]): RequestBody {
  const feed: BodyFeed = { length: undefined, trailers, passedAll() {}, supply: reader => reader.finish(), left() {} };
  const body = new RequestBody(feed, Buffer.from('abc'));
  body.begin();
  return body;
}

/** Answers requests with chunked bodies, each when its body is whole. An empty line ends a head, and another one the body. */
const whenWhole: RawScript = async connection => {
  for (let count = 1; ; count++) {
    await connection.head(2 * count);
    connection.respond(ok);
  }
};

/** A request with a body that the client sends when the test says so. */
function posting(length?: string) {
  const { source, body } = upload(length);
  const fields = length === undefined ? [] : ['Content-Length', length];
  return { source, body, request: { method: 'POST', headers: ['Host', 'a', ...fields], body } };
}

describe('a body in chunks', () => {
  it('is sent as it comes, its head at once; the connection carries another request behind it', async () => {
    const { source, request } = posting();
    const { backend, observer, scene } = await sendTo(whenWhole, request);
    const connection = await backend.connection();
    expect(await connection.head()).toBe(
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n',
    );
    source.arrive(Buffer.from('abc'));
    await connection.until('3\r\nabc\r\n');
    // Of more than is copied.
    source.arrive(Buffer.alloc(10_000, 'd'));
    await connection.until(`2710\r\n${'d'.repeat(10_000)}\r\n`);
    source.finish();
    await connection.until('0\r\n\r\n');
    await observer.over();
    scene.send();
    await connection.until('\r\n\r\nGET / ');
    expect(backend.connections.length).toBe(1);
  });

  it('takes its trailers along', async () => {
    const { backend, observer } = await sendTo(whenWhole, {
      method: 'POST',
      body: bodyWith(['X-Sum', '1', 'x-b', '']),
    });
    await observer.over();
    await backend.connections[0]!.until('\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\nx-b: \r\n\r\n');
  });

  it('goes without a trailer that cannot be written', async () => {
    const body = bodyWith(['X-Sum', 'line\r\nX-B: 1', 'X-C', '2']);
    const { backend, observer } = await sendTo(whenWhole, { method: 'POST', body });
    await observer.over();
    expect(backend.connections[0]!.text.split('\r\n\r\n')[1]).toBe('3\r\nabc\r\n0\r\nX-C: 2');
  });
});

describe('a body of a declared length', () => {
  it('is sent as it comes', async () => {
    const { source, request } = posting('6');
    const { backend, observer } = await sendTo(answering(''), request);
    const connection = await backend.connection();
    await connection.head();
    source.arrive(Buffer.from('abc'));
    await connection.until('\r\n\r\nabc');
    source.arrive(Buffer.from('def'));
    source.finish();
    await connection.until('abcdef');
    connection.respond(ok);
    expect(await observer.over()).toEqual(['sent', 200, 'end']);
  });

  it('of which there is more reaches the backend with no byte beyond: it would be another request', async () => {
    const { source, request } = posting('3');
    const { backend, observer, scene } = await sendTo(() => undefined, request);
    const connection = await backend.connection();
    await connection.head();
    source.arrive(Buffer.from('ab'));
    await connection.until('ab');
    source.arrive(Buffer.from('cDELETE / HTTP/1.1\r\n\r\n'));
    expect(await observer.over()).toEqual(['sent', 'CLIENT_BODY']);
    await connection.closed;
    expect([connection.text.split('\r\n\r\n')[1], scene.figures]).toEqual(['ab', [0, 0, 0]]);
  });

  it('of which there is less does not end its request', async () => {
    const { source, request } = posting('3');
    const { backend, observer } = await sendTo(answering(''), request);
    await (await backend.connection()).head();
    source.arrive(Buffer.from('ab'));
    source.finish();
    expect(await observer.over()).toEqual(['sent', 'CLIENT_BODY']);
    await backend.connections[0]!.closed;
    expect(observer.unsent).toBe(true);
  });
});

describe('a body that breaks', () => {
  it('says why, also when the answer has begun', async () => {
    const { body, request } = posting();
    const { backend, observer } = await sendTo(answering('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n'), request);
    await eventually(() => observer.told.includes(200));
    body.fail(tooLarge);
    await observer.over();
    expect(observer.error).toBe(tooLarge);
    await backend.connections[0]!.closed;
  });

  it('while the connection is made ends the attempt as soon as that stands', async () => {
    const { body, request } = posting();
    const { backend, observer, scene } = await sendTo(() => undefined, request);
    body.fail(tooLarge);
    await observer.over();
    expect([observer.error, scene.figures]).toEqual([tooLarge, [0, 0, 0]]);
    expect((await backend.connection()).text).toBe('');
  });

  it('by an error of its own counts as one of the way to the backend', async () => {
    const { body, request } = posting();
    const { observer } = await sendTo(answering(''), request);
    await eventually(() => observer.told.length === 1);
    body.destroy(new Error('broken'));
    expect(await observer.over()).toEqual(['sent', 'RESET']);
    expect(observer.error!.reason).toBe('broken');
  });

  it('is let go when its attempt is given up, or has ended', async () => {
    for (const ends of ['abort', 'answer']) {
      const { body, request } = posting();
      const { observer, attempt } = await sendTo(ends === 'answer' ? answering(ok) : () => undefined, request);
      if (ends === 'answer') await observer.over();
      else attempt.abort();
      expect(body.destroyed).toBe(true);
    }
  });
});

describe('an answer that comes before the end of the body', () => {
  it('is passed on, and so is the body meanwhile; the connection is not used again', async () => {
    const { source, request } = posting();
    const { backend, observer, scene } = await sendTo(
      answering('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n'),
      request,
    );
    await eventually(() => observer.told.includes(200));
    source.arrive(Buffer.from('abc'));
    await backend.connections[0]!.until('3\r\nabc\r\n');
    backend.connections[0]!.respond('ok');
    expect(await observer.over()).toEqual(['sent', 200, 'end']);
    expect(scene.figures).toEqual([0, 0, 0]);
    await backend.connections[0]!.closed;
  });

  it('leaves the connection for others where the body ends before the answer does', async () => {
    const { source, request } = posting();
    const { backend, observer, scene } = await sendTo(
      answering('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n'),
      request,
    );
    await eventually(() => observer.told.includes(200));
    source.finish();
    await backend.connections[0]!.until('0\r\n\r\n');
    backend.connections[0]!.respond('ok');
    await observer.over();
    expect(scene.figures).toEqual([0, 1, 0]);
  });

  it.each(['end', 'reset'] as const)(
    'and is no answer but the %s of the connection says that the body was not sent',
    async how => {
      const { observer } = await sendTo(
        answering('', one => one[how]()),
        posting().request,
      );
      expect(await observer.over()).toEqual(['sent', 'RESET']);
      expect(observer.unsent).toBe(true);
    },
  );

  it('may be a 100, for which the client waits with its body', async () => {
    const { source, request } = posting('2');
    const { backend, observer } = await sendTo(answering('HTTP/1.1 100 Continue\r\n\r\n'), {
      ...request,
      expectsContinue: true,
    });
    await eventually(() => expect(observer.told).toEqual(['sent', 100]));
    expect(backend.connections[0]!.text).toMatch(/\r\nExpect: 100-continue\r\n.*\r\n\r\n$/s);
    source.arrive(Buffer.from('hi'));
    source.finish();
    await backend.connections[0]!.until('\r\n\r\nhi');
    backend.connections[0]!.respond(ok);
    expect(await observer.over()).toEqual(['sent', 100, 200, 'end']);
  });
});

describe('a backend that does not read', () => {
  it.each([undefined, String(64 * 1024 * 1024)])(
    'has the client wait, and gets all of it when it reads (%s)',
    async length => {
      const { source, body, request } = posting(length);
      const { backend, observer, scene } = await sendTo(one => one.pause(), request);
      await backend.connection();
      const piece = Buffer.alloc(1024 * 1024, 'a');
      let taken = 0;
      const pour = async (): Promise<void> => {
        for (let count = 0; count < 64; count++) {
          source.arrive(piece);
          while (source.readableLength > 0) await turn();
          taken += piece.length;
        }
        source.finish();
      };
      const poured = pour();
      expect(await settled(() => taken, 100)).toBeLessThan(16 * 1024 * 1024);
      expect(body.waiting + scene.connections[0]!.socket.writableLength).toBeLessThan(4 * 1024 * 1024);
      backend.connections[0]!.resume();
      await poured;
      await eventually(() => backend.connections[0]!.socket.bytesRead > 64 * 1024 * 1024);
      backend.connections[0]!.respond(ok);
      expect(await observer.over()).toEqual(['sent', 200, 'end']);
    },
  );

  it('leaves no listeners on its connection, however many bodies that has carried', async () => {
    const backend = await startRawBackend(whenWhole);
    const scene = new CarriedScene(backend.url);
    const counts: number[] = [];
    for (let count = 0; count < 3; count++) {
      await scene.send({ method: 'POST', body: bodyWith([]) }, new RecordedAttempt()).observer.over();
      const { socket } = scene.connections[0]!;
      counts.push(socket.eventNames().reduce((sum, name) => sum + socket.listenerCount(name), 0));
    }
    expect([new Set(counts).size, scene.connections.length]).toEqual([1, 1]);
  });
});
