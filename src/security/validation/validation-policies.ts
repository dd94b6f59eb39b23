import { Injectable } from '@nestjs/common';
import { BodySchema } from '../../body-schema/body-schema.js';
import type { GatewayConfig } from '../../config/file/gateway.config.js';
import type { EffectiveSecurity } from '../../config/file/route-settings.js';
import type { PolicyScope, PolicySource, StagedPolicy } from '../policy-source.js';
import type { RequestPolicy } from '../policy.js';
import { ContentTypes } from './content-types.js';
import { ExceptPreflights } from './except-preflights.js';
import { JsonBody } from './json-body.js';
import { AllowedMethods, DeclaredLength } from './limits.js';
import { RequiredHeaders } from './required-headers.js';
import { UnderscoreHeaders } from './underscore-headers.js';

/** The policies of `security.validation`. */
@Injectable()
export class ValidationPolicies implements PolicySource {
  readonly #schemas = new WeakMap<BodyBlock, BodySchema>();
  /** Those of each configuration by the paths of their files, so that routes of one file share one. */
  readonly #byFile = new WeakMap<GatewayConfig, Map<string, BodySchema>>();

  /** Throws, in one line, for a schema that cannot be used. */
  policies({ validation, cors }: EffectiveSecurity, { config }: PolicyScope): readonly StagedPolicy[] {
    const { methods, maxBody, underscoreHeaders, requireHeaders, contentTypes, body } = validation;
    // When the gateway answers preflights itself, it must not deny them for lacking things that browsers never send with them.
    const ofPages = (policy: RequestPolicy): RequestPolicy =>
      cors === undefined ? policy : new ExceptPreflights(policy);
    const policies: StagedPolicy[] = [];
    const add = (key: string, policy: RequestPolicy): void =>
      void policies.push({ stage: 'validation', policy, name: `validation.${key}` });
    if (methods.length > 0) add('methods', ofPages(new AllowedMethods(methods)));
    if (maxBody > 0) add('maxBody', new DeclaredLength(maxBody));
    if (underscoreHeaders !== 'keep') add('underscoreHeaders', new UnderscoreHeaders(underscoreHeaders));
    if (requireHeaders.length > 0) add('requireHeaders', ofPages(new RequiredHeaders(requireHeaders)));
    if (contentTypes.length > 0) add('contentTypes', new ContentTypes(contentTypes));
    if (body !== undefined) add('body', new JsonBody(this.#schema(body, config)));
    return policies;
  }

  /** A file that has changed is named by another block in the next configuration, and is read again. */
  #schema(block: BodyBlock, config: GatewayConfig): BodySchema {
    let byFile = this.#byFile.get(config);
    if (byFile === undefined) this.#byFile.set(config, (byFile = new Map<string, BodySchema>()));
    const schema = this.#schemas.get(block) ?? byFile.get(block.schema) ?? BodySchema.read(block.schema);
    this.#schemas.set(block, schema);
    byFile.set(block.schema, schema);
    return schema;
  }
}

/** `security.validation.body`. */
type BodyBlock = NonNullable<EffectiveSecurity['validation']['body']>;
