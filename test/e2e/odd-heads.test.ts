import { describe, expect, it } from 'vitest';
import { connectRaw } from '../support/client.js';
import { always, startRawBackend } from '../support/raw-backend.js';
import { gatewayTo } from '../support/scene.js';

describe('a reason phrase with bytes above 7f', () => {
  it.each([
    ['default', 'Zur\xc3\xbcck \xc5\x81\xc3\xb3d\xc5\xba'],
    ['default', 'Zur\xfcck'],
    ['http-proxy-middleware', 'Zur\xc3\xbcck \xc5\x81\xc3\xb3d\xc5\xba'],
    ['http-proxy-middleware', 'Zur\xfcck'],
  ])('reaches the client byte for byte (%s, %j)', async (forwarder, phrase) => {
    const backend = await startRawBackend(always(`HTTP/1.1 200 ${phrase}\r\nContent-Length: 0\r\n\r\n`));
    const gateway = await gatewayTo([backend], { forwarder });
    const client = await connectRaw(gateway.port);
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const text = (await client.until('\r\n\r\n')).toString('latin1');
    expect(text.split('\r\n')[0]).toBe(`HTTP/1.1 200 ${phrase}`);
  });
});

describe('a 101 of a backend', () => {
  it('is passed on without a Content-Length, which it may not have', async () => {
    const backend = await startRawBackend(
      always(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\nContent-Length: 0\r\nX-More: 1\r\n\r\n',
      ),
    );
    const gateway = await gatewayTo([backend], {}, { websocket: { upgrades: 'any' } });
    const client = await connectRaw(gateway.port);
    client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n');
    const head = (await client.until('\r\n\r\n')).toString('latin1');
    expect(head).toMatch(/^HTTP\/1.1 101 /);
    expect(head).toContain('X-More: 1');
    expect(head).not.toMatch(/content-length/i);
  });
});
