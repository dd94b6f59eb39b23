import net from 'node:net';
import { expect, it } from 'vitest';
import { answer, startBackend } from '../support/backend.js';
import { closeLater } from '../support/cleanup.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { startLoad } from '../support/load.js';
import { vetoesAt } from '../support/operator.js';
import { eventually } from '../support/poll.js';

const begun = `PUT /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n${'x'.repeat(2000)}`;

interface BadClients {
  readonly sockets: ReadonlySet<net.Socket>;
  readonly started: () => number;
  readonly stop: () => void;
}

/** A hundred clients a second that begin an upload; `then` says what each does next. All are gone when the test has finished. */
function badClients({ port }: InProcessGateway, then: (socket: net.Socket) => void): BadClients {
  const sockets = new Set<net.Socket>();
  let started = 0;
  const timer = setInterval(() => {
    started += 1;
    const socket = net.connect(port, '127.0.0.1');
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    socket.resume();
    socket.write(begun, () => then(socket));
  }, 10);
  const stop = (): void => {
    clearInterval(timer);
    for (const socket of sockets) socket.resetAndDestroy();
  };
  closeLater(stop);
  return { sockets, started: () => started, stop };
}

async function troubledGateway() {
  const backends = await Promise.all([1, 2, 3].map(() => startBackend(undefined, { keepBody: 0 })));
  for (const backend of backends) {
    // Waits for the whole upload, as a backend does that has a use for it.
    backend.handler = (incoming, response) =>
      void incoming.on('end', () => response.end(`a ${incoming.method} ${incoming.url}`));
  }
  const gateway = await startInProcess({
    logging: { access: { enabled: false } },
    upstreams: { app: { backends: backends.map(({ url }) => url), connections: { max: 1000 } } },
  });
  return { backends, gateway };
}

it.each([
  [
    'that break off their uploads with a RST',
    (socket: net.Socket) => void setTimeout(() => socket.resetAndDestroy(), 20),
  ],
  ['that begin an upload and fall silent', () => undefined],
])('a hundred clients a second %s harm no other client', async (_, then) => {
  const { backends, gateway } = await troubledGateway();
  const bad = badClients(gateway, then);
  const load = startLoad(gateway.port, { connections: 8, rate: 200 });
  const uploads = (): number =>
    backends.reduce((sum, { requests }) => sum + requests.filter(one => one.method === 'PUT').length, 0);
  // A busy machine takes longer to start them.
  await eventually(() => bad.started() > 100 && uploads() > 60 && load.answers.length > 150, { deadline: 25_000 });
  await load.stop();
  bad.stop();
  expect(load.errors).toEqual({});
  expect(await gateway.metric('gatehouse_circuit_transitions_total')).toBe(0);
  expect(Object.values(await vetoesAt(gateway.adminPort)).flat()).toEqual([]);
  expect(await gateway.metric('gatehouse_attempts_total', { outcome: 'failure' })).toBe(0);
  await eventually(async () => expect(await gateway.metric('gatehouse_requests_in_flight')).toBe(0));
  await eventually(async () => expect(await gateway.metric('gatehouse_backend_in_flight')).toBe(0));
});

it('clients that give up waiting are no fault of the backend that they waited for', async () => {
  const backend = await startBackend(() => undefined);
  const gateway = await startInProcess({ upstreams: { app: { backends: [backend.url] } } });
  for (let number = 0; number < 40; number++) {
    const socket = net.connect(gateway.port, '127.0.0.1');
    closeLater(() => socket.destroy());
    socket.on('error', () => undefined);
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => backend.requests.length > number);
    socket.resetAndDestroy();
  }
  await eventually(async () => expect(await gateway.metric('gatehouse_requests_in_flight')).toBe(0));
  expect(await gateway.metric('gatehouse_circuit_transitions_total')).toBe(0);
  backend.handler = answer(200, 'a GET /load/0');
  const load = startLoad(gateway.port, { count: 1, connections: 1 });
  await load.ended;
  expect(load.errors).toEqual({});
});
