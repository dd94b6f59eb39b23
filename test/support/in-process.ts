import { Registry } from 'prom-client';
import { parse } from 'yaml';
import type { GatewayConfig } from '../../src/config/file/gateway.config.js';
import { buildConfig } from '../../src/config/loading/load-config.js';
import { createGateway, type StandaloneGateway } from '../../src/standalone.js';
import type { StandaloneOptions as GatewayOptions } from '../../src/standalone.js';
import { LogDestination } from '../../src/logging/destination.js';
import type { Sink } from '../../src/logging/sink.js';
import type { ClientPace } from '../../src/listeners/slow-clients.js';
import type { AppliedConfig } from '../../src/process/live-config.js';
import { closeLater } from './cleanup.js';
import { eventually, patience } from './poll.js';
import { sumOf } from './operator.js';
import type { LogLine } from './program.js';

/** What is added to the wiring: modules with strategies, forwarders or plug-ins of the test. */
export interface InProcessOptions extends Pick<GatewayOptions, 'imports' | 'instance'> {
  /** Times that no configuration has, for tests that would wait too long for the usual ones. */
  readonly times?: {
    readonly bodyGrace?: NonNullable<ClientPace['bodyGrace']>;
    /** See `TunnelSettings`. */
    readonly farewell?: number;
    /** See `EventStreamSettings`. */
    readonly longestWait?: number;
  };
}

/** A gateway that runs in the test's own process: the same wiring as the program, without a build or a child process. */
export class InProcessGateway {
  /** Every log line so far, as parsed; access lines come when an exchange has closed. */
  readonly logs: LogLine[];

  constructor(
    readonly gateway: StandaloneGateway,
    private readonly lines: CollectedLines,
  ) {
    this.logs = lines.parsed;
  }

  /** The same as it was written. */
  get logText(): string {
    return this.lines.text;
  }

  /** Port of the first listener. */
  get port(): number {
    const port = this.gateway.listeners[0]?.port;
    if (port === undefined) throw new Error('the gateway listens on no port');
    return port;
  }

  /** Port of each listener by its name. Unix sockets have none. */
  get ports(): Readonly<Record<string, number>> {
    const { listeners } = this.gateway;
    return Object.fromEntries(
      listeners.flatMap(({ name, port }) => (port === undefined ? [] : [[name, port] as const])),
    );
  }

  get adminPort(): number {
    return Number(new URL(this.gateway.adminUrl).port);
  }

  /** Writes what is buffered of the log: then `logs` is whole. */
  flush(): Promise<void> {
    return this.gateway.app.get(LogDestination).flush();
  }

  /** Waits for a log line; gives the first that matches. @throws Error with the log after `deadline` ms (default {@link patience}). */
  async waitForLog(matches: (line: LogLine) => boolean, deadline = patience): Promise<LogLine> {
    try {
      const find = async (): Promise<LogLine | false> => {
        await this.flush();
        return this.logs.find(matches) ?? false;
      };
      return await eventually(find, { deadline, what: 'a log line' });
    } catch (cause) {
      throw new Error(`no such log line within ${deadline} ms in:\n${this.lines.text}`, { cause });
    }
  }

  /** The sum of all series of a metric that carry these labels, as `/metrics` would give it; 0 when there is none. */
  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    return sumOf(await this.#textOf(name), name, labels);
  }

  /** The sum of all series of each of these metrics, of one moment. */
  async metrics(names: readonly string[]): Promise<number[]> {
    const texts = await Promise.all(names.map(name => this.#textOf(name)));
    return texts.map((text, index) => sumOf(text, names[index]!));
  }

  /** One metric out of the registry: each collects itself, and a whole scrape costs a hundred times as much. */
  async #textOf(name: string): Promise<string> {
    // What the sockets of this process have for each other comes first, as it does while a scrape is under way.
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    const registry = this.gateway.app.get(Registry);
    const found = [name, name.replace(/_(?:bucket|count|sum)$/, '')].find(each => registry.getSingleMetric(each));
    return found === undefined ? '' : registry.getSingleMetricAsString(found);
  }

  /** Puts another configuration into force, with the same listener and admin side where it names none. */
  apply(what: object): Promise<AppliedConfig> {
    return this.gateway.apply(configOf(what));
  }

  /** Ends it; what is in flight may end within `grace` ms (default 0). May be called twice. */
  async stop(grace = 0): Promise<number> {
    return this.gateway.stop(grace);
  }
}

/** Starts a gateway that is built as {@link buildInProcess} does, and waits until it listens. */
export async function startInProcess(what: string | object, options: InProcessOptions = {}): Promise<InProcessGateway> {
  const built = await buildInProcess(what, options);
  await built.gateway.start();
  return built;
}

/**
 * Builds a gateway in this process, which listens when it is started. `what` is a YAML text or an object in its shape; where it
 * names no `listeners` or `admin`, those get free ports on 127.0.0.1. Stopped when the
 * test has finished. Rejects as `createGateway` does.
 */
export async function buildInProcess(
  what: string | object,
  { imports = [], times = {}, ...options }: InProcessOptions = {},
): Promise<InProcessGateway> {
  const plain = (typeof what === 'string' ? parse(what) : what) as Record<string, unknown>;
  const config = configOf(plain);
  const { bodyGrace, farewell, longestWait } = times;
  if (bodyGrace !== undefined) for (const { limits } of config.listeners) Object.assign(limits, { bodyGrace });
  if (farewell !== undefined) Object.assign(config.websocket, { farewell });
  if (longestWait !== undefined) Object.assign(config.sse, { longestWait });
  const lines = new CollectedLines();
  const gateway = await createGateway(config, { ...options, imports, logSink: lines });
  closeLater(() => gateway.stop(0));
  return new InProcessGateway(gateway, lines);
}

function configOf(plain: object): GatewayConfig {
  return buildConfig({
    listeners: [{ name: 'web', host: '127.0.0.1', port: 0 }],
    admin: { host: '127.0.0.1', port: 0 },
    ...plain,
  });
}

/** A log sink that parses what it gets. */
class CollectedLines implements Sink {
  readonly parsed: LogLine[] = [];
  text = '';
  #rest = '';

  write(chunk: Buffer, done: () => void): void {
    this.writeNow(chunk);
    done();
  }

  writeNow(chunk: Buffer): void {
    const text = chunk.toString();
    this.text += text;
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.parsed.push(JSON.parse(line) as LogLine);
  }
}
