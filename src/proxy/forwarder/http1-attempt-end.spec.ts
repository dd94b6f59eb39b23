import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { settled } from '../../../test/support/back-pressure.js';
import { answering, CarriedScene, ok, refuseWrites, sendTo } from '../../../test/support/carried-scene.js';
import { RecordedAttempt } from '../../../test/support/forwarding.js';
import { eventually } from '../../../test/support/poll.js';
import { always, startRawBackend } from '../../../test/support/raw-backend.js';
import { ClientTie } from '../client/client-tie.js';
import type { AttemptControl, ForwardRequest } from './forwarder.js';

const post = { method: 'POST', headers: ['Host', 'a', 'Content-Length', '2'], body: Buffer.from('hi') };
const half = 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf';

/** Gives its attempt up when it is told of this. */
class GivesUp extends RecordedAttempt {
  control: AttemptControl | undefined;

  constructor(private readonly at: 'sent' | 'head' | 'data') {
    super();
  }

  override sent(): void {
    super.sent();
    if (this.at === 'sent') this.control!.abort();
  }

  override head(status: number, message: string, headers: readonly (Buffer | string)[]): void {
    super.head(status, message, headers);
    if (this.at === 'head') this.control!.abort();
  }

  override data(chunk: Buffer): boolean {
    super.data(chunk);
    if (this.at === 'data') this.control!.abort();
    return true;
  }
}

describe('a connection behind an answer', () => {
  it('carries the next request, that of an attempt which waits for it too', async () => {
    const { observer, backend, scene } = await sendTo(always(ok));
    const second = scene.send(post);
    expect([await observer.over(), await second.observer.over()]).toEqual(Array(2).fill(['sent', 200, 'end']));
    await scene.send().observer.over();
    expect([backend.connections.length, backend.connections[0]!.heads, scene.figures]).toEqual([1, 3, [0, 1, 0]]);
  });

  it.each<[string, string]>([
    ['that says it is the last', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'],
    ['of HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n'],
    ['with more behind it', `${ok}HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`],
    ['that lets in the connection', 'HTTP/1.1 401 No\r\nWWW-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n'],
    ['that has let it in', 'HTTP/1.1 200 OK\r\nPersistent-Auth: true\r\nContent-Length: 0\r\n\r\n'],
  ])('%s is closed', async (_, bytes) => {
    const { observer, backend, scene } = await sendTo(answering(bytes));
    expect((await observer.over()).at(-1)).toBe('end');
    expect(scene.figures).toEqual([0, 0, 0]);
    await backend.connections[0]!.closed;
  });

  it.each<[string, string, Partial<ForwardRequest>]>([
    ['lets in the client whose it is', 'WWW-Authenticate: Negotiate', { tie: new ClientTie() }],
    ['asks for credentials of each request', 'WWW-Authenticate: Basic realm="a"', {}],
  ])('that %s is kept', async (_, field, change) => {
    const { observer, scene } = await sendTo(
      answering(`HTTP/1.1 401 No\r\n${field}\r\nContent-Length: 0\r\n\r\n`),
      change,
    );
    await observer.over();
    expect(scene.figures).toEqual([0, 1, 0]);
  });

  it('is not used again once the backend has closed it, nor once it has sent something unasked', async () => {
    const { observer, backend, scene } = await sendTo(always(ok));
    await observer.over();
    backend.connections[0]!.end();
    await eventually(() => expect(scene.figures).toEqual([0, 0, 0]));
    await scene.send().observer.over();
    backend.connections[1]!.respond(ok);
    await eventually(() => expect(scene.figures).toEqual([0, 0, 0]));
    const third = scene.send();
    expect(await third.observer.over()).toEqual(['sent', 200, 'end']);
    expect(backend.connections.map(({ heads }) => heads)).toEqual([1, 1, 1]);
  });
});

it('a connection is not used again while the backend has not taken all of the request that it has answered', async () => {
  const { observer, backend, scene } = await sendTo(
    async one => {
      await one.until('\r\n\r\n');
      one.pause();
      one.respond('HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno');
    },
    { ...post, body: Buffer.alloc(32 * 1024 * 1024) },
  );
  expect(await observer.over()).toEqual(['sent', 413, 'end']);
  expect(scene.figures).toEqual([0, 0, 0]);
  backend.script = always(ok);
  expect(await scene.send().observer.over()).toEqual(['sent', 200, 'end']);
});

describe('an answer that the backend does not give', () => {
  it('where it takes no more of the request says that this was not sent', async () => {
    const { observer, backend, scene } = await sendTo(() => undefined, post);
    await (await backend.connection()).until('hi');
    refuseWrites(scene.connections[0]!.socket);
    backend.connections[0]!.end();
    expect(await observer.over()).toEqual(['sent', 'RESET']);
    expect(observer.unsent).toBe(true);
  });

  it.each(['end', 'reset'] as const)('on a new connection is its fault (%s)', async how => {
    const { observer } = await sendTo(
      answering('', one => one[how]()),
      post,
    );
    expect(await observer.over()).toEqual(['sent', 'RESET']);
    expect([observer.stale, observer.unsent]).toEqual([false, false]);
  });

  it.each(['end', 'reset'] as const)('on a used one is not: it was closing that one (%s)', async how => {
    const { observer, scene } = await sendTo(
      answering(ok, async one => {
        await one.head(2);
        one[how]();
      }),
    );
    await observer.over();
    const second = scene.send();
    expect(await second.observer.over()).toEqual(['sent', 'RESET']);
    expect([second.observer.stale, scene.figures]).toEqual([true, [0, 0, 0]]);
  });

  it('on a used one on which it has begun to is its fault', async () => {
    const { observer, scene } = await sendTo(
      answering(ok, async one => {
        await one.head(2);
        one.end('HTTP/1.1 2');
      }),
    );
    await observer.over();
    const second = scene.send();
    expect(await second.observer.over()).toEqual(['sent', 'RESET']);
    expect(second.observer.stale).toBe(false);
  });
});

describe('an attempt that is given up', () => {
  it('while it waits tells nothing, and its connection is not made', async () => {
    const { observer, attempt, scene } = await sendTo(always(ok));
    const second = scene.send();
    second.attempt.abort();
    attempt.abort();
    attempt.abort();
    expect([scene.figures, observer.told, second.observer.told]).toEqual([[0, 0, 0], [], []]);
    await turn();
    expect(scene.connections).toEqual([]);
  });

  it.each([
    ['the head', '', ['sent']],
    ['the rest of the body', half, ['sent', 200]],
  ])('while it waits for %s closes its connection', async (_, bytes, told) => {
    const { observer, attempt, backend, scene } = await sendTo(answering(bytes));
    await eventually(() => expect(observer.told).toEqual(told));
    await (await backend.connection()).head();
    attempt.abort();
    expect(scene.figures).toEqual([0, 0, 0]);
    await backend.connections[0]!.closed;
    await turn();
    expect([observer.told, attempt.slot]).toEqual([told, -1]);
  });

  it.each<['sent' | 'head' | 'data', unknown[]]>([
    ['sent', ['sent']],
    ['head', ['sent', 200]],
    ['data', ['sent', 200]],
  ])('by what it tells (%s) tells nothing more, and is watched no more', async (at, told) => {
    const chunks = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n';
    const observer = new GivesUp(at);
    const scene = new CarriedScene((await startRawBackend(answering(chunks))).url);
    const { attempt } = scene.send({ responseTimeout: 60_000, idleTimeout: 60_000 }, observer);
    observer.control = attempt;
    await eventually(() => expect(scene.connections[0]?.socket.destroyed).toBe(true));
    expect([observer.told, scene.figures, attempt.slot]).toEqual([told, [0, 0, 0], -1]);
  });

  it('after its end does nothing: its connection may carry another', async () => {
    const { observer, attempt, scene } = await sendTo(always(ok), { idleTimeout: 60_000 });
    await observer.over();
    attempt.abort();
    attempt.resume();
    attempt.setIdleTimeout(1_000);
    expect([scene.figures, observer.told, attempt.slot]).toEqual([[0, 1, 0], ['sent', 200, 'end'], -1]);
  });
});

it('an attempt that has ended does not make the next one on its connection read', async () => {
  const piece = 'a'.repeat(100_000);
  const { observer, attempt, backend, scene } = await sendTo(
    answering(ok, async one => {
      await one.head(2);
      one.respond(`HTTP/1.1 200 OK\r\n\r\n${piece}`);
    }),
  );
  await observer.over();
  const second = scene.send({}, new Reader());
  const read = await settled(() => second.observer.bytes, 50);
  attempt.resume();
  backend.connections[0]!.respond(piece);
  await turn();
  await turn();
  expect(second.observer.bytes).toBe(read);
});

/** Counts what it reads, once it does. */
class Reader extends RecordedAttempt {
  override wantsMore = false;
  bytes = 0;

  override data(chunk: Buffer): boolean {
    this.bytes += chunk.length;
    return this.wantsMore;
  }
}

describe('a client that does not read', () => {
  const size = 64 * 1024 * 1024;

  it('has the backend wait, and gets the whole answer when it reads again', async () => {
    let taken = 0;
    const { observer, attempt, scene } = await sendTo(
      answering(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`, async one => {
        const piece = Buffer.alloc(1024 * 1024, 'a');
        for (let sent = 0; sent < size; sent += piece.length) {
          if (!one.socket.write(piece)) await new Promise(done => one.socket.once('drain', done));
          taken += piece.length;
        }
      }),
      {},
      { observer: new Reader() },
    );
    expect(await settled(() => taken, 100)).toBeLessThan(size / 4);
    observer.wantsMore = true;
    attempt.resume();
    expect(await observer.over()).toEqual(['sent', 200, 'end']);
    expect(observer.bytes).toBe(size);
    expect(scene.figures).toEqual([0, 1, 0]);
  });

  it.each([false, true])(
    'gets the rest of an answer whose connection ended meanwhile (as a stream: %s)',
    async isStream => {
      const { observer, attempt, backend, scene } = await sendTo(
        answering(`HTTP/1.1 200 OK\r\n\r\n${'a'.repeat(200_000)}`, one => one.end()),
        {},
        { observer: new Reader(), isStream },
      );
      await settled(() => observer.bytes, 50);
      await backend.connections[0]!.head();
      expect(observer.told).toEqual(['sent', 200]);
      observer.wantsMore = true;
      attempt.resume();
      expect(await observer.over()).toEqual(['sent', 200, 'end']);
      expect([observer.bytes, scene.figures]).toEqual([200_000, [0, 0, 0]]);
    },
  );

  it('when the last of its answer comes leaves the connection as it is for the next', async () => {
    const { observer, scene } = await sendTo(always(ok), {}, { observer: new Reader() });
    expect(await observer.over()).toEqual(['sent', 200, 'end']);
    const second = scene.send();
    expect(await second.observer.over()).toEqual(['sent', 200, 'end']);
    expect(scene.connections.length).toBe(1);
  });
});
