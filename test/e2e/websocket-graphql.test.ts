import { createRequire } from 'node:module';
import { setInterval as every } from 'node:timers/promises';
import type { GraphQLSchema } from 'graphql';
import { createClient, type Client } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { closeLater } from '../support/cleanup.js';
import { eventually } from '../support/poll.js';
import { accessLineOf, expectAtRest, gatewayTo } from '../support/scene.js';
import { startWebSocketBackend, type WebSocketBackend } from '../support/websocket-backend.js';

// The one that graphql-ws gets from Node: vite would take the package's other half, and the two do not know each other's types.
const graphql = createRequire(import.meta.url)('graphql') as typeof import('graphql');

/** A subscription that says three words, and one that goes on until it is given up. */
function schemaOf(given: string[]): GraphQLSchema {
  async function* words(): AsyncGenerator<{ word: string }> {
    for (const word of ['one', 'two', 'three']) yield { word };
  }
  async function* endless(): AsyncGenerator<{ endless: string }> {
    try {
      let number = 0;
      for await (const _ of every(5)) yield { endless: `tick ${++number}` };
    } finally {
      given.push('up');
    }
  }
  const { GraphQLObjectType, GraphQLString } = graphql;
  const fields = {
    word: { type: GraphQLString, subscribe: words },
    endless: { type: GraphQLString, subscribe: endless },
  };
  return new graphql.GraphQLSchema({
    query: new GraphQLObjectType({ name: 'Query', fields: { hello: { type: GraphQLString, resolve: () => 'world' } } }),
    subscription: new GraphQLObjectType({ name: 'Subscription', fields }),
  });
}

async function startGraphQl(given: string[] = []): Promise<WebSocketBackend> {
  const backend = await startWebSocketBackend(() => {});
  useServer({ schema: schemaOf(given) }, backend.server);
  return backend;
}

function clientOf(port: number): Client {
  const client = createClient({
    url: `ws://127.0.0.1:${port}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 5,
    retryWait: () => Promise.resolve(),
  });
  closeLater(() => client.dispose());
  return client;
}

async function all(results: AsyncIterable<{ readonly data?: unknown }>): Promise<unknown[]> {
  const data: unknown[] = [];
  for await (const result of results) data.push(result.data);
  return data;
}

describe.each(['default', 'http-proxy-middleware'])('GraphQL over a WebSocket behind %s', forwarder => {
  it('answers a query and a subscription on one connection', async () => {
    const backend = await startGraphQl();
    const gateway = await gatewayTo([backend], { forwarder });
    const client = clientOf(gateway.port);
    const [query, subscription] = await Promise.all([
      all(client.iterate({ query: '{ hello }' })),
      all(client.iterate({ query: 'subscription { word }' })),
    ]);
    expect(query).toEqual([{ hello: 'world' }]);
    expect(subscription).toEqual([{ word: 'one' }, { word: 'two' }, { word: 'three' }]);
    expect(backend.sockets).toHaveLength(1);
    expect(backend.sockets[0]!.protocol).toBe('graphql-transport-ws');
    await client.dispose();
    expect(await accessLineOf(gateway)).toMatchObject({ path: '/graphql', closeCode: 1000, closedBy: 'client' });
    await expectAtRest(gateway);
  });

  it('tells the server of a subscription that is given up', async () => {
    const given: string[] = [];
    const backend = await startGraphQl(given);
    const gateway = await gatewayTo([backend], { forwarder });
    const ticks: unknown[] = [];
    for await (const { data } of clientOf(gateway.port).iterate({ query: 'subscription { endless }' })) {
      ticks.push(data);
      if (ticks.length === 3) break;
    }
    expect(ticks).toEqual([1, 2, 3].map(number => ({ endless: `tick ${number}` })));
    await eventually(() => expect(given).toEqual(['up']));
  });

  it('subscribes again at another server when the first dies', async () => {
    const [one, two] = [await startGraphQl(), await startGraphQl()];
    const gateway = await gatewayTo([one, two], { forwarder });
    const ticks: unknown[] = [];
    for await (const { data } of clientOf(gateway.port).iterate({ query: 'subscription { endless }' })) {
      ticks.push(data);
      if (ticks.length === 2) one.kill();
      if (two.sockets.length === 1 && ticks.at(-1) !== ticks[1]) break;
    }
    expect(two.sockets).toHaveLength(1);
  });
});
