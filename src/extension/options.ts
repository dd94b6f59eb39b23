import type { Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, validateSync, type ValidationError } from 'class-validator';
import { didYouMean } from '../spelling/nearest.js';

/** The options as an instance of the class that declares them, or their errors: one line for each option, its path first. */
type OptionsResult =
  | { readonly ok: true; readonly options: object | undefined }
  | { readonly ok: false; readonly errors: readonly string[] };

/**
 * Turns options as written into an instance of the class that declares them and validates it. Keys that the class does not
 * declare are refused. Options that are left out keep the value that the class initialises them with.
 * `type` undefined: the extension takes no options, so every key is refused. Asynchronous validators are not run.
 */
export function readOptions(type: Type<object> | undefined, written: unknown, path: string): OptionsResult {
  const plain = written ?? {};
  if (typeof plain !== 'object' || Array.isArray(plain)) return { ok: false, errors: [`${path}: must be a mapping`] };
  if (type === undefined) {
    const errors = Object.keys(plain).map(key => `${path}.${key}: unknown option; it takes none`);
    return errors.length > 0 ? { ok: false, errors } : { ok: true, options: undefined };
  }
  const options = plainToInstance(type, plain);
  const failures = validateSync(options, {
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: false,
    stopAtFirstError: true,
  });
  const errors = failures.flatMap(failure => messages(failure, path));
  return errors.length > 0 ? { ok: false, errors } : { ok: true, options };
}

function messages(failure: ValidationError, parent: string): string[] {
  const path = `${parent}.${failure.property}`;
  const own = Object.entries(failure.constraints ?? {}).map(([rule, message]) =>
    rule === 'whitelistValidation'
      ? `${path}: unknown option${suggestion(failure)}`
      : `${path}: ${withoutName(message, failure.property)}`,
  );
  return own.concat((failure.children ?? []).flatMap(child => messages(child, path)));
}

// The path in front names the property already.
function withoutName(message: string, property: string): string {
  return message.startsWith(`${property} `) ? message.slice(property.length + 1) : message;
}

function suggestion(failure: ValidationError): string {
  const type = failure.target?.constructor;
  if (type === undefined) return '';
  const declared = getMetadataStorage().getTargetValidationMetadatas(type, '', true, false);
  return didYouMean(
    failure.property,
    declared.map(each => each.propertyName),
  );
}
