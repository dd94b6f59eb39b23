import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { problemResponse } from '../../http/problem.js';
import { RawHeaders } from '../../fields/raw-headers.js';
import { Denied } from '../policy.guard.js';
import { Answer } from '../policy.js';

/** Answers with the verdict of a policy: a problem document (RFC 9457), or the policy's own answer. */
@Catch(Denied)
export class DeniedFilter implements ExceptionFilter<Denied> {
  catch({ verdict }: Denied, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const { id } = http.getRequest<FastifyRequest>();
    const { status, headers, body } = verdict instanceof Answer ? verdict.response : problemResponse(verdict, id);
    const reply = http.getResponse<FastifyReply>();
    const fields = new Map<string, string[]>([['x-request-id', [id]]]);
    for (const [spelled, value] of RawHeaders.pairs(headers)) {
      const name = spelled.toLowerCase();
      fields.set(name, [...(fields.get(name) ?? []), value]);
    }
    for (const [name, [value, ...more]] of fields) {
      void reply.header(name, more.length === 0 ? value : [value, ...more]);
    }
    void reply.code(status).send(body === '' ? undefined : body);
  }
}
