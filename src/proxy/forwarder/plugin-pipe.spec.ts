import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { pluginPipe } from './plugin-pipe.js';

describe('the pipe between http-proxy-middleware and a tunnel', () => {
  it('swallows the head that the library writes first, and passes all else', async () => {
    const { client, backend } = pluginPipe();
    expect(client.write('HTTP/1.1 101 Switching Protocols\r\n\r\n')).toBe(true);
    client.write('frame');
    expect(String((await once(backend, 'data'))[0])).toBe('frame');
    backend.write('answer');
    expect(String((await once(client, 'data'))[0])).toBe('answer');
  });

  it('takes what the library asks of a socket', () => {
    const { client } = pluginPipe();
    expect(client.setTimeout(0).setNoDelay(true).setKeepAlive(true, 0)).toBe(client);
  });

  it.each(['client', 'backend'] as const)('closes on both sides when the side of the %s closes', async side => {
    const pipe = pluginPipe();
    const other = side === 'client' ? pipe.backend : pipe.client;
    pipe[side].destroy();
    await once(other, 'close');
    expect(other.destroyed).toBe(true);
  });

  it('lets the tunnel write to its end when the connection has closed that it leads to', async () => {
    const { client, backend } = pluginPipe();
    const connection = new PassThrough();
    connection.pipe(client);
    backend.resume();
    connection.destroy();
    backend.end(Buffer.alloc(1024 * 1024));
    await once(backend, 'finish');
    expect(backend.writableLength).toBe(0);
  });
});
