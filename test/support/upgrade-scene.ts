import { createHash } from 'node:crypto';
import { connectRaw, type ConnectOptions, type RawClient } from './raw-client.js';
import { startRawBackend, type RawBackend, type RawConnection, type RawScript } from './raw-backend.js';

/** The key of {@link handshake}: the one of RFC 6455 §1.3. */
export const sampleKey = 'dGhlIHNhbXBsZSBub25jZQ==';

/** An opening handshake (RFC 6455 §4.1); `fields` replace its own by name, `undefined` leaves one out. */
export function handshake(fields: Readonly<Record<string, string | undefined>> = {}, target = '/'): string {
  const all = {
    Host: 'a.example',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': sampleKey,
    ...fields,
  };
  const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}\r\n`]));
  return `GET ${target} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** The 101 that answers the request with that head as it asks for (RFC 6455 §4.2.2). */
export function switching(head: string, fields = ''): string {
  const value = (name: string): string | undefined => new RegExp(`^${name}: *(.*?)\r$`, 'im').exec(head)?.[1];
  const key = value('sec-websocket-key');
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const proof = key === undefined ? '' : `Sec-WebSocket-Accept: ${accept}\r\n`;
  return `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${value('upgrade')}\r\n${proof}${fields}\r\n`;
}

/** Starts a server that agrees to every upgrade and then runs the script. */
export function startUpgradeBackend(script: RawScript = () => undefined): Promise<RawBackend> {
  return startRawBackend(async connection => {
    connection.socket.allowHalfOpen = true;
    connection.respond(switching(await connection.head()));
    await script(connection);
  });
}

/** Answers requests that ask for an upgrade with it, and others with a body that names their first line. */
export async function startMixedBackend(): Promise<RawBackend> {
  return startRawBackend(async connection => {
    for (let count = 1; ; count++) {
      const text = await connection.head(count, 600_000).catch(() => undefined);
      if (text === undefined) return;
      const head = text.split('\r\n\r\n')[count - 1]!;
      if (/^upgrade:/im.test(head)) return connection.respond(switching(`${head}\r\n`));
      const body = head.split('\r\n')[0]!;
      connection.respond(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    }
  });
}

/** What has come behind the head of the handshake. */
export function behindHead(connection: RawConnection): Buffer {
  const { received } = connection;
  const end = received.indexOf('\r\n\r\n');
  return end === -1 ? Buffer.alloc(0) : received.subarray(end + 4);
}

/** Opens a connection and has it upgraded; the bytes that come then are `rest`. @throws Error when it is refused. */
export async function upgraded(
  port: number,
  request: string = handshake(),
  options: ConnectOptions = {},
): Promise<RawClient> {
  const client = await connectRaw(port, options);
  client.send(request);
  const { status, text } = await client.response();
  if (status !== 101) throw new Error(`refused with ${status}: ${text}`);
  return client;
}
