import { once } from 'node:events';
import { request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import net, { type AddressInfo } from 'node:net';
import type { GatewayConfig } from '../../src/config/file/gateway.config.js';
import { GATEWAY_CONFIG } from '../../src/config/config.module.js';
import { shareUnchanged } from '../../src/config/live/share-unchanged.js';
import { Transition } from '../../src/config/live/transition.js';
import { buildConfig } from '../../src/config/loading/load-config.js';
import { Listeners } from '../../src/listeners/listeners.js';
import { type InProcessGateway, startInProcess } from './in-process.js';

/** A gateway whose listeners change while it runs. The rest of its configuration stays as it is. */
export class ListenersScene {
  readonly listeners: Listeners;
  #config: GatewayConfig;

  constructor(
    readonly gateway: InProcessGateway,
    private readonly others: object,
  ) {
    const { app } = gateway.gateway;
    this.listeners = app.get(Listeners, { strict: false });
    this.#config = app.get<GatewayConfig>(GATEWAY_CONFIG, { strict: false });
  }

  /** The port of a listener by its name. */
  port(name = 'web'): number {
    return this.gateway.ports[name]!;
  }

  /** The way to these listeners, which is yet to be prepared. `others`: keys beside them. */
  transition(listeners: readonly object[], others: object = {}): Transition {
    const file = { admin: { host: '127.0.0.1', port: 0 }, ...this.others, ...others, listeners };
    const transition = new Transition(this.#config, shareUnchanged(buildConfig(file), this.#config));
    transition.onCommit(() => (this.#config = transition.to));
    return transition;
  }

  /** Prepares for these listeners; nothing has taken effect. */
  async prepare(listeners: readonly object[], others: object = {}): Promise<Transition> {
    const transition = this.transition(listeners, others);
    await this.listeners.prepare(transition);
    return transition;
  }

  /** Goes over to these listeners. */
  async change(listeners: readonly object[], others: object = {}): Promise<void> {
    (await this.prepare(listeners, others)).commit();
  }
}

/** Starts a gateway with these listeners. `others`: keys beside them; default: it answers everything itself. */
export async function startListeners(
  listeners: readonly object[],
  others: object = { routes: [{ respond: { body: 'ok' } }] },
): Promise<ListenersScene> {
  return new ListenersScene(await startInProcess({ ...others, listeners }), others);
}

/** A port of loopback that nothing listens on. */
export async function unusedPort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Requests one after the other, each on a connection of its own, until it is stopped. The function that it gives stops it, and tells what went wrong. */
export function connecting(port: number, secure: boolean): () => Promise<{ answered: number; failures: string[] }> {
  let running = true;
  let answered = 0;
  const failures: string[] = [];
  const ask = secure ? secureRequest : plainRequest;
  const one = (): Promise<void> =>
    new Promise(resolve => {
      ask({ port, host: '127.0.0.1', agent: false, rejectUnauthorized: false }, response => {
        if (response.statusCode === 200) answered++;
        else failures.push(String(response.statusCode));
        response.resume().on('close', resolve);
      })
        .on('error', error => {
          failures.push(String(error));
          resolve();
        })
        .end();
    });
  const client = async (): Promise<void> => {
    while (running) await one();
  };
  const clients = Promise.all(Array.from({ length: 8 }, client));
  return async () => {
    running = false;
    await clients;
    return { answered, failures };
  };
}
