import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable, Module } from '@nestjs/common';
import { stringify } from 'yaml';
import { beforeAll, describe, expect, it } from 'vitest';
import { BackendControl, Discovery, type BackendDiscovery, type FoundBackend } from '../../src/index.js';
import { answer, refusedPort, startBackend, type TestBackend } from '../support/backend.js';
import { request } from '../support/client.js';
import { runCommand } from '../support/command.js';
import { openStream, startEventBackend, type EventBackend } from '../support/event-stream.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { vetoesAt } from '../support/operator.js';
import { eventually } from '../support/poll.js';
import { startGateway } from '../support/program.js';
import { tempFolder } from '../support/temp.js';
import { startWebSocketBackend, type WebSocketBackend } from '../support/websocket-backend.js';
import { openWebSocket } from '../support/websocket-client.js';

/** A service of the application that drains backends. */
@Injectable()
class Maintenance {
  constructor(readonly control: BackendControl) {}
}

/** Publishes what the test says. */
@Discovery('list')
class List implements BackendDiscovery {
  static publish: (backends: readonly FoundBackend[]) => void;

  watch(publish: typeof List.publish): void {
    List.publish = publish;
  }
}

@Module({ providers: [Maintenance, List] })
class MaintenanceModule {}

interface Shown {
  readonly name: string;
  readonly gone?: readonly object[];
  readonly backends: readonly { readonly id: string; readonly weight: number; readonly byHand?: object }[];
}

let gateway: InProcessGateway;
let sockets: WebSocketBackend;
let events: readonly EventBackend[];
let slow: TestBackend;
let config: { upstreams: object; routes: object[] };
let found: readonly FoundBackend[];
const oddId = 'unix:/run/odd[1]?.sock';
const held = Promise.withResolvers<void>();

const urlsOf = (name: string, ...urls: readonly string[]): object[] =>
  urls.map((url, index) => ({ id: `${name}-${'ab'[index]}`, url }));

async function setUp(): Promise<void> {
  const [a, b] = [await startBackend((_, res) => res.end('a')), await startBackend((_, res) => res.end('b'))];
  slow = await startBackend((_, response) => void held.promise.then(() => response.end('done')));
  sockets = await startWebSocketBackend();
  events = [await startEventBackend(), await startEventBackend()];
  const pairs = ['words', 'calm', 'zero', 'timed', 'last', 'files'];
  found = [
    { id: 'found-a', url: a.url },
    { id: 'found-b', url: b.url },
  ];
  const upstreams = {
    ...Object.fromEntries(pairs.map(name => [name, { backends: urlsOf(name, a.url, b.url) }])),
    held: { backends: urlsOf('held', slow.url, b.url) },
    odd: { backends: [{ id: oddId, url: a.url }, b.url] },
    chat: { backends: urlsOf('chat', sockets.url) },
    events: { backends: urlsOf('events', ...events.map(({ url }) => url)) },
    found: { discovery: 'list' },
    ...Object.fromEntries(['twins', 'others'].map(name => [name, { backends: [{ id: 'twin', url: a.url }] }])),
  };
  const routes = Object.keys(upstreams).map(name => ({ name, match: { path: `/${name}` }, upstream: name }));
  config = { upstreams, routes };
  const starting = startInProcess(config, { imports: [MaintenanceModule] });
  await eventually(() => List.publish !== undefined);
  List.publish(found);
  gateway = await starting;
}

/** Asks for something to be done to a backend, as an operator does. */
async function act(upstream: string, id: string, what: string, headers: Readonly<Record<string, string>> = {}) {
  const path = `/upstreams/${encodeURIComponent(upstream)}/backends/${encodeURIComponent(id)}/${what}`;
  const response = await request(gateway.adminPort, { method: 'POST', path, headers });
  return {
    status: response.status,
    ...response.json<{ changes?: string[]; warnings?: string[]; detail?: string; backend?: object }>(),
  };
}

/** Who answers twelve requests. */
async function answering(name: string): Promise<string[]> {
  const answers = [];
  for (let count = 0; count < 12; count++) answers.push((await request(gateway.port, { path: `/${name}` })).text);
  return [...new Set(answers)].toSorted();
}

async function shown(name: string): Promise<Shown> {
  const all = (await request(gateway.adminPort, { path: '/upstreams' })).json<Shown[]>();
  return all.find(each => each.name === name)!;
}

beforeAll(setUp);

describe('a backend that is drained by hand', () => {
  it('gets no new requests, finishes those that it has, and is used again when it is undrained', async () => {
    const first = request(gateway.port, { path: '/held' });
    await slow.received();
    expect(await act('held', 'held-a', 'drain')).toMatchObject({
      status: 200,
      changes: ['held/held-a is drained by hand'],
      warnings: [],
      backend: { id: 'held-a', available: false, vetoes: ['draining'], inFlight: 1, byHand: { drained: {} } },
    });
    expect(await answering('held')).toEqual(['b']);
    held.resolve();
    expect((await first).text).toBe('done');
    expect(await act('held', 'held-a', 'undrain')).toMatchObject({
      changes: ['held/held-a is no longer drained by hand'],
    });
    expect(await answering('held')).toEqual(['b', 'done']);
    await gateway.waitForLog(({ msg, by }) => msg === 'held/held-a is drained by hand' && by === '127.0.0.1');
    await gateway.waitForLog(({ msg, by }) => msg === 'held/held-a is no longer drained by hand' && by === '127.0.0.1');
  });

  it('is left by WebSockets with 1001, and by event streams between two events; those of weight 0 keep theirs', async () => {
    const [chat, again] = [await openWebSocket(gateway.port, { path: '/chat' }), events[0]!];
    const stream = await openStream(gateway.port, { path: '/events', headers: { accept: 'text/event-stream' } });
    await again.send('data: one\n\n');
    await act('chat', 'chat-a', 'weight?weight=0');
    await act('events', 'events-a', 'weight?weight=0');
    expect(await chat.ask('still there')).toBe('still there');
    await again.send('data: two\n\n');
    await stream.until('data: one\n\ndata: two\n\n');
    expect((await request(gateway.port, { path: '/chat' })).status).toBe(503);
    await act('events', 'events-a', 'drain');
    expect(await stream.end()).toBe('end');
    await act('chat', 'chat-a', 'drain');
    expect((await chat.closed())[0]).toBe(1001);
  });

  it('is drained for a time, by code of the application too', async () => {
    const { control } = gateway.gateway.app.get(Maintenance, { strict: false });
    control.drain('timed', 'timed-a', { for: 600_000 });
    expect(await answering('timed')).toEqual(['b']);
    control.drain('timed', 'timed-a', { for: 100 });
    await eventually(async () => expect((await vetoesAt(gateway.adminPort))['timed-a']).toEqual([]));
    expect(await answering('timed')).toEqual(['a', 'b']);
    await gateway.waitForLog(({ msg }) => msg === 'timed/timed-a is no longer drained by hand: its time is over');
    const { byHand } = (await act('timed', 'timed-a', 'drain?for=10m')).backend as {
      byHand: { drained: { until: string } };
    };
    expect(Math.abs(Date.parse(byHand.drained.until) - Date.now() - 600_000)).toBeLessThan(60_000);
  });

  it('and the last of its upstream: the operator is told, and clients get 503', async () => {
    await act('last', 'last-a', 'drain');
    expect((await act('last', 'last-b', 'drain')).warnings).toEqual(['no backend of last takes requests now']);
    expect((await request(gateway.port, { path: '/last' })).status).toBe(503);
  });
});

describe('a weight that is set by hand', () => {
  it('of 0 keeps new requests away, and the weight of the configuration comes back', async () => {
    expect((await act('zero', 'zero-a', 'weight?weight=0')).changes).toEqual(['zero/zero-a has weight 0 by hand']);
    expect(await answering('zero')).toEqual(['b']);
    await act('zero', 'zero-b', 'weight?weight=0&for=10m');
    const { status, headers } = await request(gateway.port, { path: '/zero' });
    expect([status, headers['x-gateway-error']]).toEqual([503, 'NO_BACKEND']);
    await gateway.waitForLog(({ reason }) => reason === 'zero-a: weight 0; zero-b: weight 0');
    const health = (await request(gateway.adminPort, { path: '/health' })).json<{ details: Record<string, object> }>();
    expect(health.details['upstream:zero']).toMatchObject({ out: {}, weight0: ['zero-a', 'zero-b'] });
    expect((await act('zero', 'zero-a', 'weight?weight=reset')).changes).toEqual([
      'zero/zero-a has the weight of its configuration again',
    ]);
    expect(await answering('zero')).toEqual(['a']);
  });

  it('is shown beside that of the configuration', async () => {
    await act('calm', 'calm-a', 'weight?weight=7');
    expect((await shown('calm')).backends).toMatchObject([
      { id: 'calm-a', weight: 7, configuredWeight: 1, byHand: { weight: { value: 7 } } },
      { id: 'calm-b', weight: 1, configuredWeight: 1 },
    ]);
  });
});

describe('what is set by hand', () => {
  it('stays when another configuration takes effect, and the log says so', async () => {
    await act('files', 'files-a', 'drain');
    await gateway.apply({
      ...config,
      routes: [{ match: { path: '/more' }, respond: { body: 'more' } }, ...config.routes],
    });
    await gateway.waitForLog(({ msg }) => msg === 'files/files-a stays drained by hand');
    expect(await answering('files')).toEqual(['b']);
  });

  it('stays when discovery loses the backend and finds it again, and the log says so', async () => {
    await act('found', 'found-a', 'weight?weight=0');
    List.publish(found.slice(1));
    expect(await shown('found')).toMatchObject({ backends: [{ id: 'found-b' }], gone: [{ id: 'found-a' }] });
    List.publish(found);
    await gateway.waitForLog(({ msg }) => msg === 'found/found-a keeps weight 0 by hand');
    expect(await answering('found')).toEqual(['b']);
    await act('found', 'found-a', 'weight?weight=reset');
    expect(await answering('found')).toEqual(['a', 'b']);
  });
});

describe('a request of an operator', () => {
  it('may name an id that is no word', async () => {
    expect(await act('odd', oddId, 'drain')).toMatchObject({ changes: [`odd/${oddId} is drained by hand`] });
    expect(await answering('odd')).toEqual(['b']);
    expect(await act('odd', oddId, 'drain')).toMatchObject({ status: 200, changes: [] });
  });

  it.each([
    ['odds', 'odd-a', 'drain', 404, 'no upstream is named "odds"; did you mean "odd"?'],
    ['calm', 'calm', 'undrain', 404, 'the upstream "calm" has no backend "calm"; did you mean "calm-a"?'],
    ['calm', '%', 'drain', 404, 'the upstream "calm" has no backend "%" (known: calm-a, calm-b)'],
    ['calm', 'calm-b', 'drain?for=soon', 400, '"for" must be a duration such as 250ms, 5s, 1m, and not "soon"'],
    [
      'calm',
      'calm-b',
      'drain?for=2min',
      400,
      '"for" must be a duration such as 250ms, 5s, 1m, and not "2min"; did you mean 2m?',
    ],
    ['calm', 'calm-b', 'drain?for=0s', 400, '"for" must be a duration of at least 1ms, and not "0s"'],
    ['calm', 'calm-b', 'drain?fro=1m', 400, 'There is no parameter "fro" here; did you mean "for"?'],
    ['calm', 'calm-b', 'undrain?for=1m', 400, 'There is no parameter "for" here.'],
    ['calm', 'calm-b', 'weight', 400, '"weight" must be a whole number from 0 to 1000, or reset, and not "".'],
    ['calm', 'calm-b', 'weight?weight=1001', 400, expect.stringContaining('and not "1001"')],
    ['calm', 'calm-b', 'weight?weight=1&weight=2', 400, 'The parameter "weight" stands there more than once.'],
    ['calm', 'calm-b', 'weight?weight=reset&for=1m', 400, 'The weight is reset for good: leave out "for".'],
  ])('%s/%s %s gets %d: %s', async (upstream, id, what, status, detail) => {
    expect(await act(upstream, id, what)).toMatchObject({ status, detail });
    expect((await vetoesAt(gateway.adminPort))['calm-b']).toEqual([]);
  });

  it('is refused when it comes from a page in a browser, or is no POST', async () => {
    for (const headers of [{ origin: 'http://evil.example' }, { 'sec-fetch-site': 'same-origin' }])
      for (const what of ['drain', 'undrain', 'weight?weight=0'])
        expect((await act('calm', 'calm-b', what, headers)).status).toBe(403);
    const path = '/upstreams/calm/backends/calm-b/drain';
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE'])
      expect((await request(gateway.adminPort, { path, method })).status).toBe(405);
    expect((await vetoesAt(gateway.adminPort))['calm-b']).toEqual([]);
  });

  it('needs the admin token', async () => {
    const guarded = await startInProcess({
      admin: { host: '127.0.0.1', port: 0, token: 'secret-of-the-operator' },
      upstreams: { app: { backends: urlsOf('app', slow.url) } },
    });
    const drain = (headers: Readonly<Record<string, string>>) =>
      request(guarded.adminPort, { method: 'POST', path: '/upstreams/app/backends/app-a/drain', headers });
    expect((await drain({})).status).toBe(401);
    expect((await drain({ authorization: 'Bearer secret-of-the-operator' })).status).toBe(200);
  });
});

describe('gatehouse drain, undrain and weight', () => {
  const run = (...args: string[]) => runCommand([...args, '--admin', gateway.gateway.adminUrl]);

  it('do so, by the id of a backend alone too, and say what has changed', async () => {
    expect(await run('drain', 'words/words-a')).toMatchObject({
      code: 0,
      stdout: 'words/words-a is drained by hand\n',
      stderr: '',
    });
    expect(await answering('words')).toEqual(['b']);
    expect(await run('drain', 'words-b')).toMatchObject({
      code: 0,
      stderr: 'warning: no backend of words takes requests now\n',
    });
    expect(await run('undrain', 'words-a')).toMatchObject({
      code: 0,
      stdout: 'words/words-a is no longer drained by hand\n',
    });
    expect(await run('undrain', 'words-a')).toMatchObject({ code: 0, stdout: 'nothing has changed\n' });
    expect(await answering('words')).toEqual(['a']);
    expect((await run('weight', 'words-a', '0', '--for', '10m')).stdout).toMatch(
      /^words\/words-a has weight 0 by hand, until \d{4}-.*Z\n$/,
    );
    expect(await run('weight', 'words-a', 'reset')).toMatchObject({
      stdout: 'words/words-a has the weight of its configuration again\n',
    });
  });

  it('write JSON for machines', async () => {
    const { code, stdout } = await run('weight', 'words-a', '5', '--json');
    expect([code, JSON.parse(stdout)]).toMatchObject([
      0,
      {
        upstream: 'words',
        changes: ['words/words-a has weight 5 by hand'],
        backend: { weight: 5, configuredWeight: 1 },
      },
    ]);
  });

  it.each([
    [['drain', 'words/word-a'], 4, 'no backend is named "words/word-a"; did you mean "words/words-a"?'],
    [['drain', 'wordsa'], 4, 'no backend is named "wordsa"; did you mean "words-a"?'],
    [['undrain', 'twin'], 2, 'several backends have the id "twin": name one of twins/twin, others/twin.'],
    [['drain', 'words-a', '--for', 'soon'], 2, '"for" must be a duration such as 250ms, 5s, 1m, and not "soon"'],
    [['weight', 'words-a', 'many'], 2, '"weight" must be a whole number from 0 to 1000, or reset, and not "many".'],
  ])('%j ends with %d: %s', async (args, code, message) => {
    expect(await run(...args)).toMatchObject({ code, stdout: '', stderr: `gatehouse: ${message}\n` });
  });

  it('ask for what they lack', async () => {
    expect(await runCommand(['drain', 'words-a'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('name the file of the running gateway with --config or GATEWAY_CONFIG'),
    });
    expect(await runCommand(['drain', 'words-a', '--admin', 'http://127.0.0.1:1'])).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('no gateway answers at http://127.0.0.1:1'),
    });
  });

  it('find the admin listener and its token in the file, and `reload` says what stays', async () => {
    const backend = await startBackend(answer(200, 'fine'));
    const file = join(await tempFolder(), 'gateway.yaml');
    const text = {
      listeners: [{ name: 'web', host: '127.0.0.1', port: 0 }],
      admin: { host: '127.0.0.1', port: await refusedPort(), token: 'secret-of-the-operator' },
      upstreams: { app: { backends: urlsOf('app', backend.url) } },
    };
    await writeFile(file, stringify(text));
    await startGateway(['--config', file]);
    expect((await runCommand(['drain', 'app-a', '--config', file])).code).toBe(0);
    expect(await runCommand(['reload', '--config', file])).toMatchObject({
      code: 0,
      stdout: 'nothing has changed\n',
      stderr: 'warning: app/app-a stays drained by hand\n',
    });
  });
});
