import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { PROBLEM_JSON, problemDocument } from './admin-problem.js';

/** Answers exceptions of the admin listener with problem documents; a failed health check keeps Terminus's body. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #logger = new Logger('Admin');

  catch(exception: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (exception instanceof HttpException && exception.getStatus() === 503) {
      void reply.status(503).send(exception.getResponse());
      return;
    }
    const status = exception instanceof HttpException ? exception.getStatus() : 500;
    if (status === 500) this.#logger.error(exception);
    const detail = status === 404 ? 'There is nothing under this path.' : 'The request could not be answered.';
    void reply.status(status).type(PROBLEM_JSON).send(problemDocument({ status, detail }));
  }
}
