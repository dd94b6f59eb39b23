import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { answering, sendTo } from '../../../test/support/carried-scene.js';
import { eventually } from '../../../test/support/poll.js';
import type { RawScript } from '../../../test/support/raw-backend.js';

const asked = { upgrade: 'websocket' };
const switching = (fields: string): string => `HTTP/1.1 101 Switching Protocols\r\n${fields}\r\n\r\n`;
const accepted = switching('X-A: 1\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket');

const send = (script: RawScript, change = asked) => sendTo(script, change, { isStream: true });

describe('an upgrade', () => {
  it('hands the connection over, with what came behind the head', async () => {
    const told: unknown[] = [];
    const { observer, backend } = await send(answering(`${accepted}frame`));
    observer.upgraded = (...what) => void told.push(...what, observer.told.push('upgraded'));
    expect(await observer.over()).toEqual(['sent', 'upgraded']);
    const [fields, connection, head] = told as [string[], NodeJS.WritableStream & NodeJS.ReadableStream, Buffer];
    expect([fields, head.toString()]).toEqual([
      ['X-A', '1', 'Connection', 'keep-alive, Upgrade', 'Upgrade', 'WebSocket'],
      'frame',
    ]);
    let came = '';
    connection.on('data', chunk => (came += String(chunk)));
    backend.connections[0]!.respond('there');
    connection.write('back');
    await backend.connections[0]!.until('back');
    await eventually(() => expect(came).toBe('there'));
  });

  it('takes the connection out of the pool, which has room for another', async () => {
    const { observer, scene } = await send(answering(accepted));
    const second = scene.send(asked);
    await Promise.all([observer.over(), second.observer.over()]);
    expect([scene.figures, scene.connections.map(({ socket }) => socket.destroyed)]).toEqual([
      [0, 0, 0],
      [false, false],
    ]);
    for (const { socket } of scene.connections) socket.destroy();
  });

  it('outlives its attempt and the pool', async () => {
    const { observer, attempt, scene, backend } = await send(answering(accepted));
    await observer.over();
    attempt.abort();
    attempt.resume();
    scene.pool.close();
    observer.connection!.write('still here');
    await backend.connections[0]!.until('still here');
    observer.connection!.destroy();
    await backend.connections[0]!.closed;
    await turn();
    expect([observer.told, scene.figures, attempt.slot]).toEqual([['sent', 'upgraded'], [0, 0, 0], -1]);
  });

  it('may come behind another interim response', async () => {
    const { observer } = await send(answering(`HTTP/1.1 103 Early Hints\r\n\r\n${accepted}`));
    expect(await observer.over()).toEqual(['sent', 103, 'upgraded']);
    observer.connection!.destroy();
  });

  it('that the backend does not make is answered as any other request', async () => {
    const { observer, scene } = await send(answering('HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno'));
    expect(await observer.over()).toEqual(['sent', 426, 'end']);
    expect([observer.body, scene.figures]).toEqual(['no', [0, 1, 0]]);
  });

  it.each<[string, { upgrade?: string }, string, string]>([
    ['nothing was asked', {}, accepted, 'not asked for'],
    ['it is another one', asked, switching('Connection: upgrade\r\nUpgrade: other'), 'not asked for'],
    ['it does not say which', asked, switching('Connection: upgrade'), 'not asked for'],
    ['Connection does not name it', asked, switching('Connection: close\r\nUpgrade: websocket'), 'does not name'],
    ['there is no Connection', asked, switching('Upgrade: websocket'), 'does not name'],
  ])('is a fault of the backend where %s', async (_, change, bytes, reason) => {
    const { observer, backend, scene } = await sendTo(answering(`${bytes}frame`), change, { isStream: true });
    expect(await observer.over()).toEqual(['sent', 'PROTOCOL']);
    expect([observer.error!.reason, scene.figures]).toEqual([expect.stringContaining(reason), [0, 0, 0]]);
    await backend.connections[0]!.closed;
  });
});
