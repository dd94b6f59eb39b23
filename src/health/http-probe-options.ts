import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { Allow } from 'class-validator';
import type { StatusRange } from '../config/language/kinds/status.js';
import type { BackendTls } from '../upstream/backend-tls.js';

/** The value is neither copied nor checked again: the configuration has parsed it. */
const asGiven = (): PropertyDecorator =>
  applyDecorators(
    Allow(),
    Transform(({ obj, key }) => (obj as Record<string, unknown>)[key], { toClassOnly: true }),
  );

/** Options of the `http` probe: the keys of `healthCheck` that stand beside `type`, and the upstream's `tls`. */
export class HttpProbeOptions {
  /** Path of the request, with or without a query. */
  @asGiven()
  path = '/healthz';

  /** Statuses that count as success. */
  @asGiven()
  expectStatus: readonly StatusRange[] = [{ from: 200, to: 399 }];

  /** Text that the first 64 kB of the body must hold. Default: the body is not read. */
  @asGiven()
  expectBody: string | undefined = undefined;

  /** Header fields of the probe, by their names in lower case. */
  @asGiven()
  headers: ReadonlyMap<string, string> = new Map();

  /** For `https` backends. Default: the certificate is verified against the well-known authorities. */
  @asGiven()
  tls: BackendTls | undefined = undefined;
}
