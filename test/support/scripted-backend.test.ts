import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { startBackendProcess } from './backend-process.js';
import { connectRaw, rawRequest } from './client.js';
import { closesAnnounced, closesSilently, failing, faults, late, resetsAfter } from './faults.js';
import { within } from './poll.js';
import { startScripted } from './scripted-backend.js';

const get = (path = '/'): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

describe('a scripted backend', () => {
  it('answers with its name, the method and the path', async () => {
    const { port } = await startScripted('a');
    expect(await rawRequest(port, get('/one'))).toMatchObject({ status: 200, text: 'a GET /one', clean: true });
    const post = 'POST /two HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc';
    expect(await rawRequest(port, post)).toMatchObject({ text: 'a POST /two' });
    expect(await rawRequest(port, 'HEAD / HTTP/1.1\r\nHost: x\r\n\r\n')).toMatchObject({ text: '', clean: true });
  });

  it('counts the requests of each connection, and those that were given up', async () => {
    const backend = await startScripted('a', faults.hangs);
    const client = await connectRaw(backend.port);
    client.send(get());
    await expect.poll(() => backend.calls.length).toBe(1);
    expect([backend.abandoned, backend.openConnections]).toEqual([0, 1]);
    client.reset();
    await expect.poll(() => backend.abandoned).toBe(1);
    expect(backend.openConnections).toBe(0);
  });

  it('refuses while it is stopped, and comes back on its port', async () => {
    const backend = await startScripted('a');
    const { port } = backend;
    const client = await connectRaw(port);
    client.send(get());
    await client.response();
    await backend.stop();
    expect(await client.closed()).toBe('reset');
    await expect(connectRaw(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await backend.start();
    expect(backend.port).toBe(port);
    expect((await rawRequest(port, get())).status).toBe(200);
  });
});

describe('a fault', () => {
  it.each([
    ['resetsBeforeTheHead', 'reset', 0, ''],
    ['resetsInTheHead', 'reset', 0, ''],
    ['resetsInTheBody', 'reset', 200, 'x'.repeat(100)],
    ['sendsAShortBody', 'truncated', 200, 'x'.repeat(100)],
    ['endsWithoutTheLastChunk', 'truncated', 200, 'abc'],
  ] as const)('%s looks like it on the wire', async (fault, ending, status, text) => {
    const { port } = await startScripted('b', faults[fault]);
    expect(await rawRequest(port, get())).toMatchObject({ ending, status, text, clean: false });
  });

  it('garbage is no HTTP', async () => {
    const { port } = await startScripted('b', faults.sendsGarbage);
    const client = await connectRaw(port);
    client.send(get());
    expect((await client.until('\n')).toString()).toMatch(/^SSH/);
  });

  it('two answers come to one request, the first of them good', async () => {
    const { port } = await startScripted('b', faults.sendsTwoAnswers);
    const client = await connectRaw(port);
    client.send(get('/x'));
    expect((await client.response()).text).toBe('b GET /x');
    expect((await client.response()).text).toBe('stolen');
  });

  it('keep-alive ends after so many requests, in three ways', async () => {
    const answers = async (behaviour: Parameters<typeof startScripted>[1]): Promise<unknown[]> => {
      const { port } = await startScripted('b', behaviour);
      const client = await connectRaw(port);
      const seen: unknown[] = [];
      for (let number = 1; number <= 3 && client.state === 'open'; number++) {
        client.send(get());
        const response = await client.response();
        seen.push(response.status === 200 ? (response.header('connection') ?? 'kept') : response.ending);
        if (number === 2 && behaviour !== staying) seen.push(await client.closed());
      }
      return seen;
    };
    const staying = resetsAfter(2);
    expect(await answers(closesAnnounced(2))).toEqual(['kept', 'close', 'end']);
    expect(await answers(closesSilently(2))).toEqual(['kept', 'kept', 'end']);
    expect(await answers(staying)).toEqual(['kept', 'kept', 'reset']);
  });

  it('late answers are late, failing ones fail about as often as they should, the same each time', async () => {
    const slow = await startScripted('slow', late(50));
    const started = performance.now();
    await rawRequest(slow.port, get());
    expect(performance.now() - started).toBeGreaterThan(45);
    const statuses = async (): Promise<number[]> => {
      const client = await connectRaw((await startScripted('b', failing(0.5, 500))).port);
      const seen: number[] = [];
      for (let number = 0; number < 200; number++) {
        client.send(get());
        seen.push((await client.response()).status);
      }
      return seen;
    };
    const seen = await statuses();
    expect(seen.filter(status => status === 500).length).toBeGreaterThan(75);
    expect(seen.filter(status => status === 500).length).toBeLessThan(125);
    expect(await statuses()).toEqual(seen);
  });
});

describe('a backend process', () => {
  it('breaks its connections when it is killed, and comes back on its port', async () => {
    const backend = await startBackendProcess('a');
    const { port } = backend;
    const client = await connectRaw(port);
    client.send(get('/x'));
    expect((await client.response()).text).toBe('a GET /x');
    await backend.kill();
    await client.closed();
    await expect(connectRaw(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await backend.start();
    expect((await rawRequest(port, get('/y'))).text).toBe('a GET /y');
  });

  it('takes connections while it is frozen, and none when its backlog is full', async () => {
    const frozen = await startBackendProcess('frozen');
    await frozen.freeze();
    expect((await rawRequest(frozen.port, get(), { timeout: 100 })).ending).toBe('timeout');
    const hole = await startBackendProcess('hole', { backlog: 1 });
    await hole.blackhole();
    const socket = connect(hole.port, '127.0.0.1');
    const connected = new Promise<void>(resolve => socket.once('connect', resolve));
    await expect(within(connected, 300, 'the connection')).rejects.toThrow('300 ms');
    socket.destroy();
  });
});
