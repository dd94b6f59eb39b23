import { expect, it } from 'vitest';
import { startBackend } from '../support/backend.js';
import { closeLater } from '../support/cleanup.js';
import { figure } from '../support/figure.js';
import { startLoad, tookOf } from '../support/load.js';
import { metricAt } from '../support/operator.js';
import { eventually } from '../support/poll.js';
import { startGateway } from '../support/program.js';
import { quantile } from '../support/quantile.js';
import { slowClients } from '../support/slow-client.js';

const seconds = 15;
const large = Buffer.alloc(8 * 1024 * 1024, 'x');
const post = (framing: string): string => `POST / HTTP/1.1\r\nHost: a.example\r\n${framing}\r\n\r\n`;

it('900 slow bodies, 900 slow heads and 200 slow readers leave others their places', { timeout: 150_000 }, async () => {
  const backends = await Promise.all(
    ['a', 'b'].map(name =>
      startBackend(
        (incoming, response) => {
          if (incoming.url === '/8mb') response.end(large);
          else incoming.on('end', () => response.end(`${name} ${incoming.method} ${incoming.url}`)).resume();
        },
        { keepBody: 0 },
      ),
    ),
  );
  const gateway = await startGateway({
    listeners: [{ name: 'web', host: '127.0.0.1', port: 0 }],
    logging: { access: { exclude: ['/load/*'] } },
    upstreams: { app: { backends: backends.map(({ url }) => url) } },
    routes: [{ match: { path: '/*' }, upstream: 'app' }],
  });
  const { port } = gateway;
  const open = (count: number): Promise<unknown> =>
    eventually(
      async () => (await metricAt(gateway.adminPort, 'gatehouse_connections_open', { listener: 'web' })) >= count,
      {
        interval: 250,
        deadline: 30_000,
      },
    );
  await slowClients(port, 200, 'GET /8mb HTTP/1.1\r\nHost: a.example\r\n\r\n', false);
  await open(200);
  const crowds = [
    await slowClients(port, 450, post('Content-Length: 50000')),
    await slowClients(port, 450, post('Content-Length: 500000')),
    await slowClients(port, 900, 'GET / HTTP/1.1\r\nHost: a.example\r\nX-Drip: '),
  ];
  const dripping = setInterval(() => crowds.forEach(crowd => crowd.drip('x'.repeat(150))), 500);
  closeLater(() => clearInterval(dripping));
  await open(1_900);
  const [sending, unread] = await Promise.all(
    ['gatehouse_backend_sending', 'gatehouse_backend_unread'].map(name => metricAt(gateway.adminPort, name)),
  );

  const load = startLoad(port, { connections: 16, rate: 100 });
  await eventually(() => load.answers.length > seconds * 100, { deadline: 3 * seconds * 1000 });
  const answers = (await load.stop()).map(tookOf);
  figure(
    `beside 900 slow bodies, 900 slow heads, 200 slow readers (${sending} places sending, ${unread} unread): ` +
      `median ${quantile(answers, 0.5).toFixed(0)} ms, p99 ${quantile(answers, 0.99).toFixed(0)} ms`,
  );
  expect(load.errors).toEqual({});
  expect(quantile(answers, 0.99)).toBeLessThan(100);
});
