/** The traffic of the screenshots: what clients of a shop do, with ups and downs. */
import { Agent, request } from 'node:http';
import { WebSocket } from 'ws';

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** What clients ask for, and how often: shares of all requests. */
const asks = [
  [0.3, () => ['GET', `/orders/${number(900)}`, 'shop.example']],
  [0.06, () => ['POST', '/orders/new', 'shop.example']],
  [0.26, () => ['GET', `/catalogue/${number(300)}`]],
  [0.1, () => ['GET', '/images/kept']],
  [0.14, () => ['GET', '/search?q=books']],
  [0.06, () => ['GET', `/stock/${number(900)}`]],
  [0.04, () => ['GET', '/old/about']],
  [0.02, () => ['GET', '/catalogue/missing']],
  [0.02, () => ['GET', '/wp-login.php']],
];

const number = below => Math.floor(Math.random() * below);

/** Sends requests to a port until it is stopped, about `rate` a second, and keeps streams and tunnels open. */
export function startTraffic(port, rate) {
  const startedAt = performance.now();
  let due = 0;
  const timer = setInterval(() => {
    const seconds = (performance.now() - startedAt) / 1_000;
    due +=
      (rate / 50) * (1 + 0.35 * Math.sin(seconds / 14) + 0.2 * Math.sin(seconds / 3.7)) * (0.7 + 0.6 * Math.random());
    for (; due >= 1; due--) send(port);
  }, 20);
  const streams = Array.from({ length: 7 }, () => stream(port));
  const sockets = Array.from({ length: 12 }, () => socket(port));
  return () => {
    clearInterval(timer);
    for (const each of streams) each.destroy();
    for (const each of sockets) each.terminate();
    agent.destroy();
  };
}

function send(port) {
  let chance = Math.random();
  const [, make] = asks.find(([share]) => (chance -= share) < 0) ?? asks[0];
  const [method, path, host = 'shop.example'] = make();
  const headers = { host, 'x-forwarded-for': `203.0.113.${1 + number(40)}` };
  const sent = request({ port, host: '127.0.0.1', method, path, headers, agent }, response => response.resume());
  sent.on('error', () => {});
  // Some clients do not wait.
  if (Math.random() < 0.002) setTimeout(() => sent.destroy(), 6);
  sent.end();
}

function stream(port) {
  const headers = { accept: 'text/event-stream', host: 'shop.example' };
  const sent = request({ port, host: '127.0.0.1', path: '/events/prices', headers }, response => response.resume());
  sent.on('error', () => {});
  sent.end();
  return sent;
}

function socket(port) {
  const opened = new WebSocket(`ws://127.0.0.1:${port}/chat`);
  opened.on('error', () => {});
  opened.on('open', () => {
    const timer = setInterval(() => opened.send('hello'), 900 + number(400));
    opened.on('close', () => clearInterval(timer));
  });
  return opened;
}
