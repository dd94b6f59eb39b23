import type { ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { GatewayError } from '../../http/gateway-error.js';
import { problemResponse } from '../../http/problem.js';
import { Denied } from '../denied.js';
import { Answer } from '../policy.js';
import { tellDenied } from '../sockets/denied-message.js';
import { SocketRequest } from '../sockets/socket-request.js';
import { fieldsOf } from './answer-fields.js';
import { ControllerRequest } from './controller-request.js';

/**
 * Answers with the verdict of a policy: a problem document (RFC 9457), or the policy's own answer; on Express and Fastify. Also with a
 * `GatewayError` that a handler has thrown, of WebSockets too. `@UsePolicies` brings it; for guards without it, provide it as `APP_FILTER`. A response that has
 * begun is cut, so that no client takes it for whole.
 */
@Catch(Denied, GatewayError)
export class DeniedFilter implements ExceptionFilter {
  catch(thrown: unknown, host: ArgumentsHost): void | Promise<void> {
    const verdict = thrown instanceof Denied ? thrown.verdict : (thrown as GatewayError);
    if (host.getType<string>() === 'ws') {
      return tellDenied(verdict, SocketRequest.idOf(host.switchToWs().getClient<object>()), host);
    }
    const http = host.switchToHttp();
    const request = http.getRequest<{ readonly exchange?: object }>();
    // What passes through the gateway is answered by it.
    if (request.exchange !== undefined) throw thrown;
    const { exchange, id } = ControllerRequest.of(request, http.getResponse<object>());
    if (exchange.response.headersSent) return cut(exchange.response);
    const { status, headers, body } = verdict instanceof Answer ? verdict.response : problemResponse(verdict, id);
    exchange.setHeader('x-request-id', id);
    for (const [name, values] of fieldsOf(headers)) exchange.setHeader(name, values);
    exchange.send(status, body);
  }
}

function cut(response: ServerResponse | Http2ServerResponse): void {
  if ('stream' in response) response.stream.destroy();
  else response.destroy();
}
