import { join } from 'node:path';
import { nodeBinary, packageVersion } from '#bench/machine';
import type { Subject } from '#bench/subjects/subject';

function nodeProxy(name: string, server: string): Subject {
  return {
    name,
    version: () => packageVersion(name),
    prepare: ({ port, backends }) => ({
      file: nodeBinary,
      args: [join(import.meta.dirname, '../servers', server), String(port), ...backends],
    }),
  };
}

/** The proxy plug-in of Fastify with nothing around it: no log, no metrics. */
export const fastifyHttpProxy = nodeProxy('@fastify/http-proxy', 'fastify-http-proxy.ts');

/** http-proxy-middleware on node:http with nothing around it: no log, no metrics. */
export const httpProxyMiddleware = nodeProxy('http-proxy-middleware', 'http-proxy-middleware.ts');
