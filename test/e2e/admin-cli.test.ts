import { beforeAll, describe, expect, it } from 'vitest';
import { Readiness } from '../../src/health/readiness.js';
import { Tail } from '../../src/logging/tail/tail.js';
import { answer, refusedPort, startBackend } from '../support/backend.js';
import { request } from '../support/client.js';
import { runCommand } from '../support/command.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { eventually } from '../support/poll.js';

let gateway: InProcessGateway;
const token = 'secret-of-the-operator';
const run = (args: readonly string[], env: Readonly<Record<string, string>> = { GATEWAY_ADMIN_TOKEN: token }) =>
  runCommand([...args, '--admin', gateway.gateway.adminUrl], { env });

beforeAll(async () => {
  const good = await startBackend(answer(200, 'good'));
  gateway = await startInProcess({
    admin: { host: '127.0.0.1', port: 0, token },
    upstreams: {
      orders: {
        backends: [
          { id: 'orders-a', url: good.url },
          { id: 'orders-b', url: good.url },
        ],
      },
      dead: { backends: [{ id: 'dead-a', url: `http://127.0.0.1:${await refusedPort()}` }], retries: { attempts: 0 } },
    },
    routes: [
      { name: 'orders', match: { path: '/orders/*' }, upstream: 'orders' },
      { name: 'dead', match: { path: '/dead' }, upstream: 'dead' },
    ],
  });
  await request(gateway.port, { path: '/orders/1' });
  await request(gateway.port, { path: '/dead' });
});

describe('gatehouse status', () => {
  it('shows what goes on, for people', async () => {
    const shown = await eventually(async () => {
      const { code, stderr, stdout } = await run(['status']);
      expect([code, stderr]).toEqual([0, '']);
      // The second in which the requests ended is not over before.
      return /^all +2 /m.test(stdout) && stdout;
    });
    expect(shown).toMatch(/^gatehouse \d.* is ready, for \d/);
    expect(shown).toMatch(/^configuration [0-9a-f]{12}, for \d/m);
    expect(shown).toContain(`listener web: http://127.0.0.1:${gateway.port}, `);
    expect(shown).toMatch(/^route orders +1 +0\.0 +0 +[\d.]+ m?s/m);
    expect(shown).toMatch(/^orders\/orders-a +ok +1 +0 +closed/m);
    expect(shown).toMatch(/ 502 +CONNECT_FAILED +dead +\/dead +.*ECONNREFUSED/);
  });

  it('and for machines', async () => {
    const { stdout } = await run(['status', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ state: 'ready', upstreams: [{ name: 'orders' }, { name: 'dead' }] });
  });

  it('says what to do when it lacks the token, and where no gateway answers', async () => {
    const refused = await run(['status'], {});
    expect(refused.code).toBe(4);
    expect(refused.stderr).toContain('set GATEWAY_ADMIN_TOKEN, or name the file of the gateway with --config');
    const nowhere = await runCommand(['status', '--admin', `http://127.0.0.1:${await refusedPort()}`]);
    expect(nowhere.code).toBe(4);
    expect(nowhere.stderr).toContain('is it running, and is that its admin address?');
  });

  it.each([['status'], ['upstreams'], ['tail'], ['drain', 'orders-a'], ['reload']])(
    '%s says so where another server answers',
    async (...args) => {
      const other = await startBackend(answer(200, '{"fine":true}'));
      const { code, stderr } = await runCommand([...args, '--admin', other.url]);
      expect([code, stderr]).toEqual([
        4,
        `gatehouse: ${other.url} answered 200: that is no gateway's admin listener\n`,
      ]);
    },
  );

  it('keeps a token that cannot be one out of its message', async () => {
    const { code, stderr } = await run(['status'], { GATEWAY_ADMIN_TOKEN: 'hunter2\nhunter3' });
    expect([code, stderr]).toEqual([2, expect.stringContaining('GATEWAY_ADMIN_TOKEN has a line break') as string]);
    expect(stderr).not.toContain('hunter');
    expect((await run(['upstreams'], { GATEWAY_ADMIN_TOKEN: `${token}\n` })).code).toBe(0);
  });

  it.each(['nonsense', 'unix:/run/admin.sock', '127.0.0.1:9901'])('refuses --admin %s', async admin => {
    const { code, stderr } = await runCommand(['status', '--admin', admin]);
    expect([code, stderr]).toEqual([2, 'gatehouse: --admin takes a URL such as http://127.0.0.1:9901.\n']);
  });
});

describe('gatehouse health', () => {
  it.each(['live', 'ready', 'startup'])('asks whether the gateway is %s, without a token', async what => {
    expect(await run(['health', what], {})).toEqual({ code: 0, signal: null, stdout: 'ok\n', stderr: '' });
  });

  it('says what is wrong', async () => {
    const admin = `http://127.0.0.1:${await refusedPort()}`;
    const none = await runCommand(['health', 'startup', '--admin', admin]);
    expect([none.code, none.stderr]).toEqual([4, expect.stringMatching(/^gatehouse: not started: no gateway answers/)]);
    const other = await runCommand(['health', '--admin', `http://127.0.0.1:${gateway.port}`]);
    expect([other.code, other.stderr]).toEqual([4, expect.stringContaining("answered 404: that is no gateway's")]);
    const draining = startInProcess({
      admin: { port: 0 },
      upstreams: { dead: { backends: ['http://127.0.0.1:1'] } },
    });
    const { gateway: ending } = await draining;
    ending.app.get(Readiness).drain();
    const ready = await runCommand(['health', 'ready', '--admin', ending.adminUrl]);
    expect([ready.code, ready.stderr]).toEqual([4, 'gatehouse: not ready: error\n']);
    expect((await runCommand(['health', 'startup', '--admin', ending.adminUrl])).code).toBe(0);
  });

  it.each([
    [['health', 'redy'], 'did you mean "ready"?'],
    [['health', '--admin', 'nonsense'], '--admin takes a URL'],
    [['health', '--admin', 'https://127.0.0.1:9901'], '--admin takes a URL such as http:'],
  ])('%j is refused', async (args, says) => {
    const { code, stderr } = await runCommand(args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(says)]);
  });
});

describe('gatehouse breaker', () => {
  it('holds a circuit open and closes it, and gatehouse upstreams shows it', async () => {
    expect(await run(['breaker', 'orders-a', 'open'])).toMatchObject({
      code: 0,
      stdout: 'the circuit of orders/orders-a is held open by hand\n',
    });
    expect((await run(['upstreams'])).stdout).toMatch(/^orders\/orders-a +circuit-open \(by hand\) +1 +0 +open/m);
    expect((await run(['breaker', 'orders-a', 'close', '--json'])).stdout).toContain('"available": true');
    expect((await run(['upstreams'])).stdout).toMatch(/^orders\/orders-a +ok +1 +0 +closed/m);
  });

  it.each([
    [['breaker', 'orders-a', 'opne'], 2, 'did you mean "open"?'],
    [['breaker', 'orders-a', 'close', '--for', '1m'], 2, '--for goes with open.'],
    [['breaker', 'orders-c', 'open'], 4, 'did you mean "orders-a"?'],
  ])('%j ends with %i', async (args, code, says) => {
    const result = await run(args);
    expect([result.code, result.stderr]).toEqual([code, expect.stringContaining(says) as string]);
  });
});

describe('gatehouse tail', () => {
  /** What it prints of these requests, a line for each, until it is interrupted. */
  async function tailed(args: readonly string[], paths: readonly string[]) {
    const tail = gateway.gateway.app.get(Tail);
    const running = run(['tail', ...args]);
    await eventually(() => tail.isWatched);
    const { stdout } = process;
    const write = stdout.write.bind(stdout);
    let lines = 0;
    stdout.write = (chunk: Uint8Array | string) => (lines++, write(chunk));
    for (const path of paths) await request(gateway.port, { path });
    await eventually(() => lines === paths.length);
    process.emit('SIGINT');
    const result = await running;
    await eventually(() => !tail.isWatched);
    return result;
  }

  it('prints requests as they end', async () => {
    const { code, stdout } = await tailed([], ['/orders/1', '/dead']);
    expect(code).toBe(0);
    const [one, two] = stdout.trimEnd().split('\n');
    expect(one).toMatch(
      /^[\d:.]+ +200 +[\d.]+ ms +GET +127\.0\.0\.1\/orders\/1 +orders → orders\/orders-[ab] +127\.0\.0\.1$/,
    );
    expect(two).toMatch(/ 502 .* dead → dead\/dead-a .*CONNECT_FAILED: .*ECONNREFUSED/);
  });

  it('prints only what was asked for, as JSON for machines', async () => {
    const running = tailed(['--json', '--route', 'dead', '--status', '5xx', '--client', '127.0.0.1'], ['/dead']);
    const { stdout } = await running;
    expect(JSON.parse(stdout)).toMatchObject({ path: '/dead', status: 502, error: 'CONNECT_FAILED' });
  });

  it('takes a backend as it shows it', async () => {
    const { stdout } = await tailed(['--json', '--backend', 'dead/dead-a'], ['/dead']);
    expect(JSON.parse(stdout)).toMatchObject({ path: '/dead', backend: 'dead-a' });
  });

  it('ends when what reads from it has had enough', async () => {
    const tail = gateway.gateway.app.get(Tail);
    const running = run(['tail']);
    await eventually(() => tail.isWatched);
    process.stdout.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    expect((await running).code).toBe(0);
    await eventually(() => !tail.isWatched);
  });

  it.each([
    [['--route', 'ordes'], 4, 'no route is named "ordes"; did you mean "orders"?'],
    [['--backend', 'orders-c'], 4, 'no backend is named "orders-c"; did you mean "orders-a"?'],
    [['--upstream', 'dead', '--backend', 'orders-a'], 4, 'no backend is named "orders-a"'],
    [['--slower-than', '2'], 2, '"slowerThan" must be a duration'],
  ])('with %j ends with %i', async (args, code, says) => {
    const result = await run(['tail', ...args]);
    expect([result.code, result.stderr]).toEqual([code, expect.stringContaining(says) as string]);
  });
});
