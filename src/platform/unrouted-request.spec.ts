import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { expect, it } from 'vitest';
import { seenBy } from './unrouted-request.js';

/** A handshake that a proxy at 127.0.0.1 has passed on. */
function handshake(): IncomingMessage {
  const socket = Object.defineProperty(new Socket(), 'remoteAddress', { value: '127.0.0.1' });
  const request = new IncomingMessage(socket);
  Object.assign(request.headers, {
    host: 'inside.example:8080',
    'x-forwarded-for': '203.0.113.9',
    'x-forwarded-host': 'shop.example',
    'x-forwarded-proto': 'https',
  });
  return request;
}

const express = (trusts: boolean): unknown => {
  const instance = new ExpressAdapter().getInstance() as { set(name: string, value: unknown): void };
  instance.set('trust proxy', trusts ? 'loopback' : false);
  return instance;
};
const fastify = (trusts: boolean): unknown =>
  new FastifyAdapter({ trustProxy: trusts ? '127.0.0.1' : false }).getInstance();

it.each([
  ['Express', express],
  ['Fastify', fastify],
])('%s judges a handshake that it has not routed as it judges its requests', (_, platform) => {
  const trusting = seenBy(platform(true), handshake());
  expect([trusting.ip, trusting.host, trusting.protocol]).toEqual(['203.0.113.9', 'shop.example', 'https']);
  const doubting = seenBy(platform(false), handshake());
  expect([doubting.ip, doubting.host, doubting.protocol]).toEqual(['127.0.0.1', 'inside.example:8080', 'http']);
});

it('another platform has what the connection says', () => {
  for (const platform of [undefined, {}, () => {}])
    expect(seenBy(platform, handshake())).toEqual({ ip: '127.0.0.1', host: 'inside.example:8080', protocol: 'http' });
});
