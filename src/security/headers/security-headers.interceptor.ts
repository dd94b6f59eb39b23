import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
  Optional,
} from '@nestjs/common';
import type { Observable } from 'rxjs';
import { SecurityHeadersConfig } from '../../config/file/security.config.js';
import { platformExchange } from '../controllers/exchange-on-platform.js';
import { SecurityHeaders } from './security-headers.js';

/** Token of the settings of {@link SecurityHeadersInterceptor}: settings that are left out have their defaults. */
export const SECURITY_HEADERS = Symbol('gatehouse.security-headers');

/**
 * The fields of `security.headers` for controllers of your own, on Express and Fastify: on the controller with `@UseInterceptors`, or for all of an
 * application as `APP_INTERCEPTOR`. A field that the handler sets itself stays. Answers of guards and of the router do not get
 * these fields, because Nest runs interceptors later. Responses of the gateway get their fields from the configuration, not
 * from here.
 */
@Injectable()
export class SecurityHeadersInterceptor implements NestInterceptor {
  readonly #headers: SecurityHeaders;

  constructor(@Optional() @Inject(SECURITY_HEADERS) settings: Partial<SecurityHeadersConfig> = {}) {
    this.#headers = new SecurityHeaders({ ...new SecurityHeadersConfig(), ...settings });
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() === 'http') this.#add(context);
    return next.handle();
  }

  #add(context: ExecutionContext): void {
    const http = context.switchToHttp();
    const request = http.getRequest<{ readonly exchange?: object }>();
    if (request.exchange !== undefined) return;
    const exchange = platformExchange(request, http.getResponse<object>());
    if (exchange.response.headersSent) return;
    const fields = this.#headers.for({ scheme: exchange.scheme === 'https' ? 'https' : 'http' });
    // Set before the handler runs, so that the handler can replace them, and so that its errors have them too.
    for (let i = 0; i < fields.length; i += 2) {
      if (!exchange.hasHeader(fields[i]!)) exchange.setHeader(fields[i]!, fields[i + 1]!);
    }
  }
}
