import { once } from 'node:events';
import type { INestApplication } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import { closeLater } from './cleanup.js';
import { eventually } from './poll.js';

/** What a client of a Nest gateway has received. */
export interface ReceivedEvent {
  readonly event: string;
  readonly data: unknown;
}

/** A client of a Nest gateway, over the protocol of one of Nest's adapters. */
export interface NestSocket {
  /** Sends a message; gives the next event that comes. */
  ask(event: string, data?: unknown): Promise<ReceivedEvent>;
  close(): void;
}

/** Nest's adapters for WebSockets, with clients for each. */
export const socketAdapters = {
  ws: {
    install: (app: INestApplication): unknown => app.useWebSocketAdapter(new WsAdapter(app)),
    async open(port: number, headers: Record<string, string>): Promise<NestSocket> {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/?room=1`, { headers });
      await once(socket, 'open');
      const events: ReceivedEvent[] = [];
      socket.on('message', text => events.push(JSON.parse(String(text)) as ReceivedEvent));
      return asking(
        events,
        (event, data) => socket.send(JSON.stringify({ event, data })),
        () => socket.terminate(),
      );
    },
  },
  'socket.io': {
    install: (app: INestApplication): unknown => app.useWebSocketAdapter(new IoAdapter(app)),
    async open(port: number, headers: Record<string, string>): Promise<NestSocket> {
      const socket = io(`http://127.0.0.1:${port}`, {
        extraHeaders: headers,
        forceNew: true,
        query: { room: '1' },
        reconnection: false,
        transports: ['websocket'],
      });
      const events: ReceivedEvent[] = [];
      socket.onAny((event: string, data: unknown) => events.push({ event, data }));
      await eventually(() => socket.connected, { what: 'the connection of Socket.IO' });
      return asking(
        events,
        (event, data) => socket.emit(event, data),
        () => socket.disconnect(),
      );
    },
  },
};

function asking(
  events: ReceivedEvent[],
  send: (event: string, data: unknown) => unknown,
  close: () => unknown,
): NestSocket {
  closeLater(close);
  return {
    async ask(event, data) {
      const before = events.length;
      send(event, data);
      return eventually(() => events[before] ?? false, { what: `an answer to ${event}` });
    },
    close,
  };
}
