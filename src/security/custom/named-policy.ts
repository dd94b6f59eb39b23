import { createNamedDecorator } from '../../extension/named.js';
import type { RequestPolicy } from '../policy.js';

/**
 * Names a policy of your own: `@Policy('office-hours')`, or `@Policy('office-hours', { options: OfficeHoursOptions })` for one that
 * takes options by `configure`. Provide the class in any module and write the name under `security.policies`. One instance
 * for each entry of the configuration, so state is a plain field.
 *
 * @example
 * ```ts
 * @Policy('tenant')
 * class KnownTenants implements RequestPolicy {
 *   constructor(private readonly tenants: Tenants) {}
 *
 *   check(request: PolicyContext): Verdict {
 *     const tenant = this.tenants.of(request.host);
 *     if (tenant === undefined) return new GatewayError('DENIED', 'No tenant has this name.');
 *     request.setRequestHeader('X-Tenant', tenant);
 *     return undefined;
 *   }
 * }
 * ```
 */
export const Policy = createNamedDecorator<RequestPolicy>('policy');
