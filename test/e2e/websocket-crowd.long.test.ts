import { describe, expect, it } from 'vitest';
import { eventually } from '../support/poll.js';
import { gatewayTo } from '../support/scene.js';
import { startWebSocketBackend } from '../support/websocket-backend.js';
import { openWebSocket, type WebSocketClient } from '../support/websocket-client.js';

const count = 1000;
const batch = 50;
const deadline = 20_000;

describe('a thousand idle WebSockets', () => {
  it('all still work, and are all told to go when the gateway shuts down', { timeout: 90_000 }, async () => {
    const backends = [await startWebSocketBackend(), await startWebSocketBackend()];
    const gateway = await gatewayTo(backends, { connections: { max: count } });
    const clients: WebSocketClient[] = [];
    while (clients.length < count) {
      clients.push(...(await Promise.all(Array.from({ length: batch }, () => openWebSocket(gateway.port)))));
    }
    expect(await gateway.metric('gatehouse_tunnels_open')).toBe(count);
    expect(backends.map(({ sockets }) => sockets.length)).toEqual([count / 2, count / 2]);
    for (const client of [clients[0]!, clients[499]!, clients[999]!]) {
      expect(await client.ask('still there?')).toBe('still there?');
    }

    expect(await gateway.stop(deadline)).toBe(0);
    await eventually(() => expect(clients.filter(({ ended }) => ended === undefined)).toHaveLength(0), { deadline });
    const codes = [...clients.map(({ ended }) => ended), ...backends.flatMap(({ closes }) => closes)];
    expect(codes).toHaveLength(2 * count);
    expect(new Set(codes.map(code => code?.join(' ')))).toEqual(new Set(['1001 going away']));
    const lines = gateway.logs.filter(({ msg }) => msg === 'exchange');
    expect(lines).toHaveLength(count);
    for (const line of lines) expect(line).toMatchObject({ closeCode: 1001, closedBy: 'gateway' });
  });
});
