import { describe, expect, it } from 'vitest';
import { startDns } from '../../../../test/support/dns-server.js';
import { eventually } from '../../../../test/support/poll.js';
import { closeLater } from '../../../../test/support/cleanup.js';
import type { FoundBackend } from '../discovery.js';
import { DnsDiscovery } from './dns-discovery.js';
import { DnsOptions } from './dns-options.js';

/** A discovery that asks a DNS server of the test, with what it has published and how it has failed. */
async function start(options: Partial<DnsOptions> = {}, prepare: (dns: Dns) => unknown = () => {}) {
  const dns = await startDns();
  await prepare(dns);
  const discovery = new DnsDiscovery();
  discovery.configure(
    Object.assign(new DnsOptions(), {
      dns: 'orders.test',
      port: 3000,
      refresh: 100,
      resolvers: [dns.address],
      ...options,
    }),
  );
  const lists: (readonly FoundBackend[])[] = [];
  const failures: string[] = [];
  const abort = new AbortController();
  const ended = discovery.watch(
    list => lists.push(list),
    abort.signal,
    error => failures.push((error as Error).message),
  );
  closeLater(() => abort.abort());
  return {
    dns,
    lists,
    failures,
    ended,
    abort,
    urls: () => lists.at(-1)?.map(({ url }) => url),
    /** Waits for answers that were asked for from now on. */
    asked: async (count: number) => {
      const before = lists.length + failures.length;
      await eventually(() => lists.length + failures.length >= before + count);
    },
  };
}
type Dns = Awaited<ReturnType<typeof startDns>>;

const hosts =
  (...addresses: string[]) =>
  (dns: Dns): void =>
    dns.host('orders.test', addresses);

describe('the addresses of a name', () => {
  it('are backends, in one order whichever way the server turns them', async () => {
    const { dns, urls } = await start({}, hosts('10.0.0.2', '10.0.0.1', '10.0.0.2'));
    await eventually(() => expect(urls()).toEqual(['http://10.0.0.1:3000', 'http://10.0.0.2:3000']));
    dns.host('orders.test', ['10.0.0.3', '10.0.0.1']);
    await eventually(() => expect(urls()).toEqual(['http://10.0.0.1:3000', 'http://10.0.0.3:3000']));
  });

  it('may be IPv6 ones, of backends that speak TLS', async () => {
    const { urls } = await start({ type: 'AAAA', scheme: 'https' }, hosts('fd00::1', '10.0.0.1'));
    await eventually(() => expect(urls()).toEqual(['https://[fd00::1]:3000']));
  });

  it('may be a thousand, which take more than a datagram', async () => {
    const many = Array.from({ length: 1_000 }, (_, n) => `10.0.${n >> 8}.${n & 255}`);
    const { dns, lists } = await start({}, hosts(...many));
    await eventually(() => expect(lists.at(-1)).toHaveLength(1_000));
    expect(new Set(dns.questions.map(({ over }) => over))).toEqual(new Set(['udp', 'tcp']));
  });
});

describe('services', () => {
  const services =
    (...list: Parameters<Dns['service']>[1]) =>
    (dns: Dns): void => {
      dns.service('orders.test', list);
      dns.host('one.test', ['10.0.0.1']);
      dns.host('two.test', ['10.0.0.2', 'fd00::2']);
      dns.host('six.test', ['fd00::6']);
    };
  const srv: Partial<DnsOptions> = { type: 'SRV', port: undefined };

  it('have the port, the weight and the rank of their records', async () => {
    const { lists } = await start(
      srv,
      services(
        { target: 'one.test', port: 3001, priority: 1, weight: 5 },
        { target: 'two.test', port: 3002, priority: 1, weight: 10 },
        { target: 'six.test', port: 3006, priority: 2, weight: 0 },
      ),
    );
    await eventually(() =>
      expect(lists.at(-1)).toEqual([
        { url: 'http://10.0.0.1:3001', weight: 5, backup: false },
        { url: 'http://10.0.0.2:3002', weight: 10, backup: false },
        { url: 'http://[fd00::6]:3006', weight: 1, backup: true },
      ]),
    );
  });

  it('may change their port', async () => {
    const { dns, urls } = await start(srv, services({ target: 'one.test', port: 3001 }));
    await eventually(() => expect(urls()).toEqual(['http://10.0.0.1:3001']));
    services({ target: 'one.test', port: 4001 })(dns);
    await eventually(() => expect(urls()).toEqual(['http://10.0.0.1:4001']));
  });

  it('whose target does not exist are left out', async () => {
    const { urls } = await start(
      srv,
      services({ target: 'gone.test', port: 1 }, { target: 'one.test', port: 2, priority: 9 }),
    );
    await eventually(() => expect(urls()).toEqual(['http://10.0.0.1:2']));
  });

  it('are none where the record says so, or no target exists, which is a failure', async () => {
    const { dns, failures, lists } = await start(srv, services({ target: '.', port: 0 }));
    await eventually(() => expect(failures).toContain('no SRV records of orders.test: there is no such record'));
    failures.length = 0;
    services({ target: 'gone.test', port: 1 })(dns);
    await eventually(() => expect(failures).toHaveLength(2));
    expect(lists).toEqual([]);
  });
});

describe('a question', () => {
  it.each([
    ['SERVFAIL', 'the server has failed'],
    ['REFUSED', 'the server refuses to answer'],
    ['NXDOMAIN', 'the name does not exist'],
  ] as const)('that is answered by %s has failed, and is asked again', async (behaviour, why) => {
    const { dns, failures, lists, asked } = await start({}, hosts('10.0.0.1'));
    await eventually(() => expect(lists).not.toHaveLength(0));
    dns.behaviour = behaviour;
    await eventually(() => expect(failures).toContain(`no A records of orders.test: ${why}`));
    const before = lists.length;
    dns.behaviour = 'records';
    await asked(2);
    expect(lists.length).toBeGreaterThan(before);
  });

  it('has failed when the name has no records', async () => {
    const { failures } = await start({}, hosts());
    await eventually(() => expect(failures).toContain('no A records of orders.test: there is no such record'));
  });

  it('has failed when the server is gone, and is answered when it is back', async () => {
    const { dns, failures, lists } = await start({}, hosts('10.0.0.1'));
    await eventually(() => expect(lists).not.toHaveLength(0));
    await dns.stop();
    await eventually(() =>
      expect(failures.at(-1)).toMatch(/^no A records of orders.test: (there is no server|no answer in time)$/),
    );
    await dns.start();
    const before = lists.length;
    await eventually(() => expect(lists.length).toBeGreaterThan(before));
  });

  it('goes to the next server when one does not answer', async () => {
    const [silent, other] = [await startDns(), await startDns()];
    silent.behaviour = 'silence';
    other.host('orders.test', ['10.0.0.7']);
    const { urls } = await start({ resolvers: [silent.address, other.address] });
    await eventually(() => expect(urls()).toEqual(['http://10.0.0.7:3000']));
  });

  it('is asked again each second while there was no good answer, however long refresh is', async () => {
    const { dns, lists } = await start({ refresh: 3_600_000 });
    await eventually(() => expect(dns.questions).toHaveLength(2));
    hosts('10.0.0.1')(dns);
    await eventually(() => expect(lists).toHaveLength(1));
  });

  it('is asked again when its TTL is over, but not more often than each second', async () => {
    const { dns, lists } = await start({ refresh: 3_600_000 }, dns => dns.host('orders.test', ['10.0.0.1'], 0));
    await eventually(() => expect(lists).toHaveLength(3));
    const times = dns.questions.map(({ at }) => at);
    for (const [index, at] of times.slice(1).entries()) expect(at - times[index]!).toBeGreaterThan(950);
  });

  it('that is open does not hold up the end', async () => {
    const { abort, dns, ended, failures } = await start({}, dns => (dns.behaviour = 'silence'));
    await eventually(() => expect(dns.questions).not.toHaveLength(0));
    const at = performance.now();
    abort.abort();
    await ended;
    expect(performance.now() - at).toBeLessThan(500);
    expect(failures.length).toBeLessThan(2);
  });
});
