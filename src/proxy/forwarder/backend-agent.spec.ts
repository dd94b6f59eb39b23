import { once } from 'node:events';
import http, { type Agent, type IncomingMessage } from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { makeCertificate } from '../../../test/support/certificate.js';
import { closeLater } from '../../../test/support/cleanup.js';
import { eventually } from '../../../test/support/poll.js';
import { always, startRawBackend } from '../../../test/support/raw-backend.js';
import { ConnectFailure } from './attempt-failure.js';
import { backendAgent, type ConnectionWatch } from './backend-agent.js';

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

function agentFor(...args: Parameters<typeof backendAgent>): Agent {
  const agent = backendAgent(...args);
  closeLater(() => agent.destroy());
  return agent;
}

async function ask(url: string, agent: Agent, watch: ConnectionWatch = {}): Promise<string> {
  const options = { agent, ...watch };
  const client = url.startsWith('https') ? https.get(url, options) : http.get(url, options);
  const [response] = (await once(client, 'response')) as [IncomingMessage];
  return text(response);
}

describe('an agent for a backend', () => {
  it('makes a connection, shows it while it is being made, and keeps it', async () => {
    const backend = await startRawBackend(always(ok));
    const agent = agentFor({ keepAlive: true }, 1_000);
    const shown: [net.Socket, boolean][] = [];
    const onConnecting = (socket: net.Socket): void => void shown.push([socket, socket.connecting]);
    expect(await ask(backend.url, agent, { onConnecting })).toBe('ok');
    await eventually(() => Object.keys(agent.freeSockets).length === 1);
    expect(await ask(backend.url, agent, { onConnecting })).toBe('ok');
    expect(shown).toEqual([[expect.any(net.Socket), true]]);
    expect(backend.connections.length).toBe(1);
  });

  it('fails the request when the connection does not stand in time', async () => {
    // Takes the connection, and says nothing of TLS.
    const backend = await startRawBackend();
    const agent = agentFor({}, 30, { rejectUnauthorized: true, servername: '' });
    const error: unknown = await ask(backend.url.replace('http:', 'https:'), agent).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConnectFailure);
    expect((error as ConnectFailure).gatewayError.code).toBe('CONNECT_TIMEOUT');
    expect(await (await backend.connection()).closed).toMatch(/end|reset/);
  });

  it('fails the request when its connection is given up while it is being made', async () => {
    const backend = await startRawBackend(always(ok));
    const watch = { onConnecting: (socket: net.Socket) => void socket.destroy() };
    await expect(ask(backend.url, agentFor({}, 1_000), watch)).rejects.toThrow('closed');
  });

  it('speaks TLS where it has options for it, and verifies by them', async () => {
    const { cert, key } = await makeCertificate();
    const server = https.createServer({ cert, key }, (_, response) => response.end('secret')).listen(0, '127.0.0.1');
    closeLater(() => server.close().closeAllConnections());
    await once(server, 'listening');
    const url = `https://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
    const trusting = agentFor({}, 5_000, { rejectUnauthorized: true, servername: '', ca: cert });
    expect(await ask(url, trusting)).toBe('secret');
    const strict = agentFor({}, 5_000, { rejectUnauthorized: true, servername: '' });
    await expect(ask(url, strict)).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  });
});
