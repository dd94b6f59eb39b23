import { once } from 'node:events';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { HostedMessage } from './hosted-message.js';

function incoming(rawHeaders: string[]): IncomingMessage {
  const message = new IncomingMessage(new Socket());
  return Object.assign(message, { method: 'POST', httpVersion: '1.1', httpVersionMinor: 1, rawHeaders });
}

describe('a request that an application has read the head of', () => {
  it('has fields of its own, so that what is removed from them stays in those of the application', () => {
    const source = incoming(['Host', 'a', 'X-A', '1', 'x-a', '2']);
    const message = new HostedMessage(source, '/b');
    delete message.headers['x-a'];
    expect([message.method, message.target, message.headers]).toEqual(['POST', '/b', { host: 'a' }]);
    expect(message.rawHeaders).toEqual(['Host', 'a', 'X-A', '1', 'x-a', '2']);
  });

  it('gives the body as it comes, and its end when it is whole', async () => {
    const source = incoming(['Transfer-Encoding', 'chunked']);
    const message = new HostedMessage(source, '/');
    const told: string[] = [];
    message.on('data', chunk => told.push(String(chunk)));
    message.on('end', () => told.push('end'));
    source.push('abc');
    await once(source, 'data');
    expect([told, message.complete]).toEqual([['abc'], false]);
    message.pause();
    source.push('def');
    expect([message.readableFlowing, told]).toEqual([false, ['abc']]);
    source.complete = true;
    source.push(null);
    message.resume();
    await once(source, 'end');
    expect([told, message.complete]).toEqual([['abc', 'def', 'end'], true]);
  });

  it('gives a body that was read already, with its length, and without what framed the other', async () => {
    const raw = ['Transfer-Encoding', 'chunked', 'Trailer', 'X-Sum', 'X-A', '1', 'content-length', '9'];
    const source = Object.assign(incoming(raw), { rawTrailers: ['X-Sum', '1'] });
    const message = new HostedMessage(source, '/', Buffer.from('abc'));
    expect(message.rawHeaders).toEqual(['X-A', '1', 'Content-Length', '3']);
    expect([message.complete, message.rawTrailers, String(message.read())]).toEqual([true, [], 'abc']);
    const ended = new Promise<void>(resolve => message.on('end', () => resolve()));
    message.resume();
    await ended;
    expect(raw).toHaveLength(8);
  });

  it('gives the end of an empty body that was read already', async () => {
    const message = new HostedMessage(incoming([]), '/', Buffer.alloc(0));
    const ended = new Promise<void>(resolve => message.on('end', () => resolve()));
    expect(message.read()).toBe(null);
    message.resume();
    await ended;
  });

  it('does not end the process when its client leaves', () => {
    const source = incoming([]);
    expect(new HostedMessage(source, '/').destroyed).toBe(false);
    expect(source.emit('error', new Error('reset'))).toBe(true);
  });
});
