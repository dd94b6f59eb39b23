import { promises, type RecordWithTtl } from 'node:dns';
import type { DnsOptions } from './dns-options.js';
import { placesOf } from './srv-backends.js';
import type { FoundBackend } from '../discovery.js';

/** What a DNS server has answered. */
export interface DnsAnswer {
  /** At least one, in the order of their addresses. */
  readonly backends: readonly FoundBackend[];
  /** Milliseconds for which it holds; Infinity where that is not known. */
  readonly holdsFor: number;
}

/** The addresses of a name. */
interface Addresses {
  readonly addresses: readonly string[];
  readonly holdsFor: number;
}

/** Milliseconds until a server that does not answer is asked a second time; that second time it has twice as long. */
const patience = 1_000;

/** Targets of SRV records that are looked up at the same time. */
const targetsAtOnce = 16;

const nothing: Addresses = { addresses: [], holdsFor: Infinity };

/** What the codes of Node's resolver mean, behind the question. */
const meanings: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the name does not exist',
  ENODATA: 'there is no such record',
  ESERVFAIL: 'the server has failed',
  EREFUSED: 'the server refuses to answer',
  ENOTIMP: 'the server does not know how to answer',
  ETIMEOUT: 'no answer in time',
  ECONNREFUSED: 'there is no server',
};

/** Asks DNS servers for the backends behind a name. */
export class DnsQuestions {
  #resolver: promises.Resolver;
  #ended = false;

  constructor(private readonly options: DnsOptions) {
    this.#resolver = this.#newResolver();
  }

  /** Rejects, in one line, when no server gives a good answer, and when the answer is that there is nothing. */
  async ask(): Promise<DnsAnswer> {
    const { dns, type } = this.options;
    try {
      const answer = await (type === 'SRV' ? this.#services(dns) : this.#hosts(dns, type));
      if (answer.backends.length === 0) throw codedError('ENODATA');
      return answer;
    } catch (error) {
      this.#resolver.cancel();
      // The system's servers may be others by now.
      if (!this.#ended) this.#resolver = this.#newResolver();
      const code = codeOf(error);
      throw new Error(`no ${type} records of ${dns}: ${meanings[code] ?? code}`, { cause: error });
    }
  }

  /** Cancels the question that is open. */
  end(): void {
    this.#ended = true;
    this.#resolver.cancel();
  }

  #newResolver(): promises.Resolver {
    const resolver = new promises.Resolver({ timeout: patience, tries: 2 });
    const { resolvers } = this.options;
    if (resolvers.length > 0) resolver.setServers([...resolvers]);
    return resolver;
  }

  async #hosts(name: string, type: 'A' | 'AAAA'): Promise<DnsAnswer> {
    const { port } = this.options;
    const { addresses, holdsFor } = await this.#addresses(name, type);
    const urls = new Set(addresses.map(address => this.#url(address, port!)));
    return { backends: [...urls].sort().map(url => ({ url })), holdsFor };
  }

  async #services(name: string): Promise<DnsAnswer> {
    // A target that is the root says that there is no such service (RFC 2782).
    const records = (await this.#resolver.resolveSrv(name)).filter(each => each.name !== '' && each.name !== '.');
    const targets = new Map<string, Addresses>();
    const left = [...new Set(records.map(each => each.name))];
    const work = async (): Promise<void> => {
      for (let target = left.pop(); target !== undefined; target = left.pop()) {
        targets.set(target, await this.#target(target));
      }
    };
    await Promise.all(Array.from({ length: targetsAtOnce }, work)).catch((error: unknown) => {
      left.length = 0;
      throw error;
    });
    const places = placesOf(records, new Map([...targets].map(([target, { addresses }]) => [target, addresses])));
    const backends = places.map(({ address, port, weight, backup }) => ({
      url: this.#url(address, port),
      weight,
      backup,
    }));
    const holdsFor = Math.min(...[...targets.values()].map(each => each.holdsFor));
    return { backends: backends.toSorted((one, other) => (one.url < other.url ? -1 : 1)), holdsFor };
  }

  /** The addresses of a target of SRV records: none where it does not exist, which is its fault alone. */
  async #target(name: string): Promise<Addresses> {
    for (const type of ['A', 'AAAA'] as const) {
      try {
        return await this.#addresses(name, type);
      } catch (error) {
        if (!['ENOTFOUND', 'ENODATA'].includes(codeOf(error))) throw error;
      }
    }
    return nothing;
  }

  async #addresses(name: string, type: 'A' | 'AAAA'): Promise<Addresses> {
    if (this.#ended) throw codedError('ECANCELLED');
    const resolver = this.#resolver;
    const records: readonly RecordWithTtl[] =
      type === 'A' ? await resolver.resolve4(name, { ttl: true }) : await resolver.resolve6(name, { ttl: true });
    // Node tells the TTL of the first 256 records alone.
    const seconds = Math.min(...records.map(({ ttl }) => (ttl as number | undefined) ?? Infinity));
    return { addresses: records.map(({ address }) => address), holdsFor: seconds * 1_000 };
  }

  #url(address: string, port: number): string {
    return `${this.options.scheme}://${address.includes(':') ? `[${address}]` : address}:${port}`;
  }
}

function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException).code ?? error);
}

function codedError(code: string): Error {
  return Object.assign(new Error(code), { code });
}
