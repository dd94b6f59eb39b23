import { Agent, type AgentOptions } from 'node:http';
import { describe, expect, it } from 'vitest';
import { backendAt } from '../../../test/support/forwarding.js';
import type { Backend } from '../../upstream/backend.js';
import { ClientTie } from '../client/client-tie.js';
import { NodeAgents } from './node-agents.js';

/** An agent with lists that a test fills, and no connections. */
class CountedAgent extends Agent {
  readonly lists: Record<'sockets' | 'freeSockets' | 'requests', Record<string, object[]>> = {
    sockets: {},
    freeSockets: {},
    requests: {},
  };
  isDestroyed = false;

  constructor(
    readonly backend: Backend,
    readonly given: AgentOptions,
  ) {
    super(given);
    Object.assign(this, this.lists);
  }

  override destroy(): void {
    this.isDestroyed = true;
  }
}

function start() {
  const made: CountedAgent[] = [];
  const agents = new NodeAgents({ max: 4, idleTimeout: 9_000 }, (backend, options) => {
    const agent = new CountedAgent(backend, options);
    made.push(agent);
    return agent;
  });
  return { agents, made };
}

const [a, b] = [backendAt('http://127.0.0.1:1'), backendAt('http://127.0.0.1:2')];

describe('the agents of an upstream', () => {
  it('are one for each backend and each kind of connection', () => {
    const { agents, made } = start();
    const tie = new ClientTie();
    const all = (): Agent[] => [agents.shared(a), agents.single(a), agents.tied(a, tie), agents.shared(b)];
    const first = all();
    expect(all()).toEqual(first);
    expect(new Set(first).size).toBe(4);
    expect(made.map(({ backend }) => backend)).toEqual([a, a, a, b]);
  });

  it('limit the connections that requests share, and no others', () => {
    const { agents, made } = start();
    agents.shared(a);
    agents.single(a);
    agents.tied(a, new ClientTie());
    expect(made.map(({ given }) => [given.maxSockets, given.timeout])).toEqual([
      [4, 9_000],
      [undefined, 9_000],
      [undefined, undefined],
    ]);
  });

  it('of one client carry nothing of another, and end with it', () => {
    const { agents, made } = start();
    const [one, other] = [new ClientTie(), new ClientTie()];
    agents.tied(a, one);
    agents.tied(b, one);
    agents.tied(a, other);
    one.end();
    expect(made.map(({ isDestroyed }) => isDestroyed)).toEqual([true, true, false]);
  });

  it('keep no connection for a client that has gone', () => {
    const { agents, made } = start();
    const tie = new ClientTie();
    tie.end();
    agents.tied(a, tie);
    expect(made[0]!.given.keepAlive).toBe(false);
    expect(agents.tied(a, tie)).not.toBe(made[0]);
  });

  it('count their connections for each backend; of those for a single request, the ones in use', () => {
    const { agents } = start();
    const [shared, single] = [agents.shared(a), agents.single(a)] as [CountedAgent, CountedAgent];
    const tied = agents.tied(a, new ClientTie()) as CountedAgent;
    agents.shared(b);
    shared.lists.sockets['x'] = [{}, {}];
    shared.lists.requests['x'] = [{}];
    tied.lists.freeSockets['x'] = [{}];
    single.lists.sockets['x'] = [{}];
    single.lists.freeSockets['x'] = [{}];
    expect(agents.figures(a)).toEqual({ active: 3, idle: 1, pending: 1 });
    expect(agents.figures(b)).toEqual({ active: 0, idle: 0, pending: 0 });
  });

  it('are all destroyed at the end', () => {
    const { agents, made } = start();
    agents.shared(a);
    agents.single(b);
    agents.tied(a, new ClientTie());
    agents.close();
    expect(made.map(({ isDestroyed }) => isDestroyed)).toEqual([true, true, true]);
    expect(agents.shared(a)).not.toBe(made[0]);
  });
});
