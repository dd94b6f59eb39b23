import { Controller, Get, HttpException, Inject, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { didYouMean } from '../spelling/nearest.js';
import { ADMIN_SOURCES, type AdminSources } from './admin-sources.js';
import { queryOf } from './query.js';

/** `POST /explain` with `{ method, url, headers, ip, listener }` as JSON: what the gateway would do with that request now. 400 for what is no such question. */
@Controller('explain')
export class ExplainController {
  constructor(@Inject(ADMIN_SOURCES) private readonly sources: AdminSources) {}

  @Post()
  async explain(@Req() request: FastifyRequest): Promise<object> {
    queryOf(request, []);
    const answer = await this.sources.explain.explain(request.body);
    if ('explanation' in answer) return answer.explanation;
    const { detail, status } = answer.refused;
    throw new HttpException({ detail }, status);
  }
}

/** `/explanations`: the ids of the real requests that were explained; `?id=…`: the explanation of one. */
@Controller('explanations')
export class ExplanationsController {
  constructor(@Inject(ADMIN_SOURCES) private readonly sources: AdminSources) {}

  @Get()
  find(@Req() request: FastifyRequest): object {
    const { explain } = this.sources;
    const { id } = queryOf(request, ['id']);
    if (id === undefined) return explain.ids();
    const found = explain.find(id);
    if (found !== undefined) return found;
    const hint = didYouMean(id, explain.ids()) || ': it was not asked for with the token, or that is too long ago';
    throw new HttpException({ detail: `no explanation is kept of the request ${JSON.stringify(id)}${hint}` }, 404);
  }
}
