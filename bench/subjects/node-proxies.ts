import { join } from 'node:path';
import { nodeBinary, packageVersion } from '#bench/machine';
import type { Subject } from '#bench/subjects/subject';
import type { Protocol } from '#bench/work';

function nodeProxy(name: string, server: string, protocols: readonly Protocol[]): Subject {
  return {
    name,
    protocols,
    version: () => packageVersion(name),
    prepare: setting => ({
      file: nodeBinary,
      args: [join(import.meta.dirname, '../servers', server), JSON.stringify(setting)],
    }),
  };
}

/** The proxy plug-in of Fastify with nothing around it: no log, no metrics. */
export const fastifyHttpProxy = nodeProxy('@fastify/http-proxy', 'fastify-http-proxy.ts', [
  ...(['http', 'https', 'h2', 'websocket', 'events'] as const),
]);

/** http-proxy-middleware on node:http with nothing around it: no log, no metrics. */
export const httpProxyMiddleware = nodeProxy('http-proxy-middleware', 'http-proxy-middleware.ts', [
  ...(['http', 'https', 'websocket', 'events'] as const),
]);
