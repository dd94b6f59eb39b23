import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

/** The demo's own backends, on free loopback ports. */
interface DemoBackends {
  readonly echo: string;
  readonly events: string;
  readonly chat: string;
  close(): void;
}

/** Starts an echo, an event stream and a WebSocket echo. */
export async function startDemoBackends(): Promise<DemoBackends> {
  const [echo, events, chat] = await Promise.all([listen(answerEcho), listen(answerEvents), listen(answerChat)]);
  new WebSocketServer({ server: chat.server, maxPayload: 1024 * 1024 }).on('connection', socket => {
    socket.on('error', () => socket.terminate());
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  const servers = [echo, events, chat];
  return {
    echo: echo.url,
    events: events.url,
    chat: chat.url,
    close: () => {
      for (const { server } of servers) server.close().closeAllConnections();
    },
  };
}

async function listen(handler: RequestListener): Promise<{ server: Server; url: string }> {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const answerEcho: RequestListener = (request, response) => {
  const { method, url, headers } = request;
  void bodyOf(request).then(body => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(`${JSON.stringify({ method, url, headers, body }, null, 2)}\n`);
  });
};

/** The first 64 KB of a body, as text. */
async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size <= 65_536) chunks.push(chunk);
    }
  } catch {
    // The client has gone away: there is no one to answer.
  }
  return Buffer.concat(chunks).toString();
}

const answerEvents: RequestListener = (_, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  let id = 0;
  const send = (): void => {
    response.write(`id: ${++id}\ndata: ${new Date().toISOString()}\n\n`);
  };
  send();
  const timer = setInterval(send, 1000);
  response.on('close', () => clearInterval(timer));
};

const answerChat: RequestListener = (_, response) => {
  response.writeHead(426, { 'content-type': 'text/plain', upgrade: 'websocket', connection: 'upgrade' });
  response.end('This is a WebSocket: connect with ws://\n');
};
