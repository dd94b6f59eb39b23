import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { readDashboard, type DashboardFile } from './dashboard-files.js';

/** The paths of the dashboard, as Fastify writes them: the page, and what it loads. Neither has data, so neither asks for the token. */
export const dashboardPaths = { page: '/', file: '/dashboard/:file' } as const;

/** The page gets nothing from elsewhere, is in no frame, and makes no script of a text. */
const pageHeaders = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/**
 * Serves the dashboard: a page at `/` that a browser asks for each time, and files whose names change with their content. `folder` is where a build has
 * put it, and is read with the first request. `missing` answers where there is no such file.
 */
export function mountDashboard(
  fastify: FastifyInstance,
  folder: string,
  missing: (reply: FastifyReply, isBuilt: boolean) => FastifyReply,
): void {
  let files: ReadonlyMap<string, DashboardFile> | undefined;
  const send = (request: FastifyRequest, reply: FastifyReply, name: string, caching: string): FastifyReply => {
    // One that is not there yet is looked for again.
    if (files === undefined || files.size === 0) files = readDashboard(folder);
    const file = files.get(name);
    if (file === undefined) return missing(reply, files.size > 0);
    void reply.headers({ ...pageHeaders, 'cache-control': caching, etag: file.etag, vary: 'Accept-Encoding' });
    if (isFresh(request, file)) return reply.status(304).send();
    const { content, gzip, type } = file;
    if (gzip === undefined || !takesGzip(request)) return reply.type(type).send(content);
    return reply.header('content-encoding', 'gzip').type(type).send(gzip);
  };
  fastify.get(dashboardPaths.page, (request, reply) => send(request, reply, 'index.html', 'no-cache'));
  fastify.get(dashboardPaths.file, (request, reply) => {
    const { file } = request.params as { readonly file: string };
    return send(request, reply, file, 'private, max-age=31536000, immutable');
  });
}

function isFresh({ headers }: FastifyRequest, { etag }: DashboardFile): boolean {
  const known = headers['if-none-match'] ?? '';
  return known === '*' || known.split(',').some(each => each.trim().replace(/^W\//, '') === etag);
}

function takesGzip({ headers }: FastifyRequest): boolean {
  const accepted = String(headers['accept-encoding'] ?? '');
  return /(?:^|[\s,])gzip\s*(?:$|,|;\s*q=(?:1|0\.0*[1-9]|0\.[1-9]))/i.test(accepted);
}
