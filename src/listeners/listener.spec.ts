import { existsSync, linkSync } from 'node:fs';
import { once } from 'node:events';
import net from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { connectRaw, request } from '../../test/support/client.js';
import { answer } from '../../test/support/connection-scene.js';
import { listenerWith, type ListenerChanges } from '../../test/support/listener-scene.js';
import { connectCleartextHttp2 } from '../../test/support/http2-client.js';
import { eventually } from '../../test/support/poll.js';
import { tempFolder } from '../../test/support/temp.js';
import type { Http1Channel } from '../proxy/client/http1-channel.js';
import { authority, type HandleRequest } from './listener.js';

const get = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

describe('a listener', () => {
  it('serves on the address that it tells', async () => {
    const { sut } = listenerWith();
    expect(sut.port).toBeUndefined();
    await sut.listen();
    expect(sut.url).toBe(`http://127.0.0.1:${sut.port}`);
    expect((await request(sut.port!)).text).toBe('ok');
    expect([authority('::1', 80), authority('a.example', 80)]).toEqual(['[::1]:80', 'a.example:80']);
  });

  it('serves on a unix socket, also where a process that crashed has left one', async () => {
    const unix = join(await tempFolder(), 'gw.sock');
    const crashed = net.createServer().listen(unix);
    await once(crashed, 'listening');
    const { sut } = listenerWith({ unix });
    await expect(sut.listen()).rejects.toThrow(
      `listener "web": cannot listen on ${unix}: another program listens there`,
    );
    // Node removes the file of a server that is closed, under its first name.
    const left = `${unix}.left`;
    linkSync(unix, left);
    crashed.close();
    await once(crashed, 'close');
    expect(existsSync(left)).toBe(true);
    const { sut: next } = listenerWith({ unix: left });
    await next.listen();
    expect([next.url, next.port, next.unix]).toEqual([`unix:${left}`, undefined, true]);
    expect((await request(0, { socketPath: left })).text).toBe('ok');
  });

  it('takes no more connections than it may have, and counts those that it turns away', async () => {
    const { sut, refused } = listenerWith({ limits: { connections: 2 } });
    await sut.listen();
    const kept = [await connectRaw(sut.port!), await connectRaw(sut.port!)];
    await eventually(() => sut.connections === 2);
    const third = await connectRaw(sut.port!);
    await third.closed();
    expect(await refused()).toEqual([['web', 'limit', 1]]);
    kept[0]!.close();
    await eventually(() => sut.connections === 1);
    expect((await request(sut.port!)).text).toBe('ok');
  });

  it('ends a connection behind the last request that it may carry, and takes none that come behind it', async () => {
    const seen: string[] = [];
    const { sut } = listenerWith({ limits: { requestsPerConnection: 2 } }, ({ target }, channel) => {
      seen.push(target);
      answer(channel);
    });
    await sut.listen();
    const client = await connectRaw(sut.port!);
    client.send(['/1', '/2', '/3'].map(path => get.replace('/', path)).join(''));
    const answers = [await client.response(), await client.response()];
    expect(answers.map(each => each.header('connection'))).toEqual(['keep-alive', 'close']);
    expect(await client.closed()).toBe('end');
    expect(seen).toEqual(['/1', '/2']);
  });

  it('has a message refused that cannot be read, and ends its connection behind the answer', async () => {
    const { sut, told } = listenerWith();
    await sut.listen();
    const client = await connectRaw(sut.port!);
    client.send(`GET / HTTP/1.1\r\nno colon\r\n\r\n${get}`);
    expect([(await client.response()).status, await client.closed()]).toEqual([400, 'end']);
    client.half();
    await eventually(() => sut.connections === 0);
    expect(told).toEqual(['web: refused, malformed']);
  });

  it('has a request broken off whose body cannot be read', async () => {
    const { sut, told } = listenerWith({}, () => {});
    await sut.listen();
    const client = await connectRaw(sut.port!);
    client.send('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n');
    await client.closed();
    await eventually(() => told.length === 2);
    expect(told).toEqual(['broken off, malformed', 'gone']);
  });

  it('looks at the times of its connections', async () => {
    const { sut, told } = listenerWith({ limits: { headerTimeout: 50 } });
    await sut.listen();
    const client = await connectRaw(sut.port!);
    client.send('GET / HT');
    expect([(await client.response()).status, await client.closed()]).toEqual([400, 'end']);
    expect(told).toEqual(['web: refused, late-head']);
  });

  it('serves HTTP/2 in clear text beside HTTP/1.1 where it is to, and only there', async () => {
    const { sut } = listenerWith({ h2c: true });
    await sut.listen();
    expect((await (await connectCleartextHttp2(sut.port!)).request()).text).toBe('over HTTP/2');
    expect((await request(sut.port!)).text).toBe('ok');
    const { sut: other, told } = listenerWith();
    await other.listen();
    expect((await (await connectCleartextHttp2(other.port!)).request()).status).toBe(0);
    expect(told).toEqual(['web: refused, malformed']);
  });

  it('tells the end of each request', async () => {
    const { sut, told } = listenerWith();
    await sut.listen();
    const client = await connectRaw(sut.port!);
    client.send(get + get);
    await eventually(() => told.length === 2);
    expect(told).toEqual(['whole', 'whole']);
  });
});

describe('a listener whose clients are to leave', () => {
  const leaving = async (settings: ListenerChanges = {}, handle?: HandleRequest) => {
    const scene = listenerWith(settings, handle);
    await scene.sut.listen();
    return { ...scene, port: scene.sut.port!, emptied: new Promise<void>(done => (scene.sut.whenEmpty = done)) };
  };

  it('lets each connection end with its next answer, or when no request has come on it for a moment', async () => {
    const { sut, port, emptied } = await leaving();
    const [idle, asking, silent] = [await connectRaw(port), await connectRaw(port), await connectRaw(port)];
    idle.send(get);
    expect((await idle.response()).header('connection')).toBe('keep-alive');
    asking.send('GET / HTTP/1.1\r\n');
    await eventually(() => sut.connections === 3);
    sut.leave();
    await expect(request(port)).rejects.toThrow('ECONNREFUSED');
    expect([await idle.closed(), await silent.closed()]).toEqual(['end', 'end']);
    asking.send('Host: x\r\n\r\n');
    expect((await asking.response()).header('connection')).toBe('close');
    await emptied;
    expect(sut.draining).toBe(false);
  });

  it('ends no answer that is under way', async () => {
    const channels: Http1Channel[] = [];
    const { sut, port, emptied } = await leaving({}, (_message, channel) => void channels.push(channel));
    const client = await connectRaw(port);
    client.send(get);
    await eventually(() => channels.length === 1);
    sut.leave();
    const late = await connectRaw(port).catch(() => undefined);
    expect([late, client.state, channels[0]!.mayPersist]).toEqual([undefined, 'open', false]);
    answer(channels[0]!);
    expect((await client.response()).text).toBe('ok');
    await emptied;
  });

  it('takes one request at most of a connection that shows only then what it speaks', async () => {
    const { sut, port, emptied } = await leaving({ h2c: true });
    const [first, second, third] = [await connectRaw(port), await connectRaw(port), await connectRaw(port)];
    await eventually(() => sut.connections === 3);
    sut.leave();
    first.send(get);
    expect((await first.response()).header('connection')).toBe('close');
    const client = await connectCleartextHttp2(port, { createConnection: () => second.socket });
    expect((await client.request()).text).toBe('over HTTP/2');
    await client.closed();
    expect(client.goaways[0]).toEqual({ code: 0, lastStream: 1 });
    // This one asks for nothing.
    const other = await connectCleartextHttp2(port, { createConnection: () => third.socket });
    await other.closed();
    await emptied;
  });
});

describe('a listener that ends', () => {
  it('takes no new connections, but the request of one that stands', async () => {
    const { sut } = listenerWith();
    await sut.listen();
    const { port } = sut;
    const client = await connectRaw(port!);
    await eventually(() => sut.connections === 1);
    sut.drain();
    expect(sut.draining).toBe(true);
    await expect(request(port!)).rejects.toThrow('ECONNREFUSED');
    client.send(get);
    expect((await client.response()).text).toBe('ok');
  });

  it('cuts all connections when it is closed', async () => {
    const { sut } = listenerWith({}, () => {});
    await sut.listen();
    const clients = [await connectRaw(sut.port!), await connectRaw(sut.port!)];
    clients[0]!.send(get);
    await eventually(() => sut.connections === 2);
    sut.close();
    for (const client of clients) await client.closed();
    expect(sut.connections).toBe(0);
    await expect(request(sut.port!)).rejects.toThrow('ECONNREFUSED');
  });
});
