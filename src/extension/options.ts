import type { Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, validateSync, type ValidationError } from 'class-validator';
import { nearest } from '../spelling/nearest.js';
import { formatFault, formatPath, type Steps } from '../spelling/place.js';

/** What is wrong with an option. */
export interface OptionFault {
  /** The way to it, beginning at the options. */
  readonly path: Steps;
  /** One sentence: `must be an integer number`. */
  readonly message: string;
  /** What the author may have meant, in quotes. */
  readonly suggestion?: string;
  /** Whether the name of the option is wrong, or its value. */
  readonly at: 'key' | 'value';
}

/** The options as an instance of the class that declares them, or what is wrong with them. */
type OptionsResult =
  | { readonly ok: true; readonly options: object | undefined }
  | { readonly ok: false; readonly faults: readonly OptionFault[] };

/**
 * Turns options as written into an instance of the class that declares them and validates it. Keys that the class does not
 * declare are refused. Options that are left out keep the value that the class initialises them with.
 * `type` undefined: the extension takes no options, so every key is refused. Asynchronous validators are not run.
 */
export function readOptions(type: Type<object> | undefined, written: unknown): OptionsResult {
  const plain = written ?? {};
  if (typeof plain !== 'object' || Array.isArray(plain)) {
    return { ok: false, faults: [{ path: [], message: 'must be a mapping', at: 'value' }] };
  }
  if (type === undefined) {
    const message = 'unknown option; it takes none';
    const faults = Object.keys(plain).map((key): OptionFault => ({ path: [key], message, at: 'key' }));
    return faults.length > 0 ? { ok: false, faults } : { ok: true, options: undefined };
  }
  const options = plainToInstance(type, plain);
  const failures = validateSync(options, {
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: false,
    stopAtFirstError: true,
  });
  const faults = failures.flatMap(failure => faultsOf(failure, []));
  return faults.length > 0 ? { ok: false, faults } : { ok: true, options };
}

/** Faults of the options that stand at `path`, on one line. */
export function describeFaults(faults: readonly OptionFault[], path: Steps): string {
  return faults
    .map(({ message, path: below, suggestion }) => formatFault(formatPath([...path, ...below]), message, suggestion))
    .join('; ');
}

function faultsOf(failure: ValidationError, parent: Steps): OptionFault[] {
  const isElement = Array.isArray(failure.target);
  const path = [...parent, isElement ? Number(failure.property) : failure.property];
  const own = Object.entries(failure.constraints ?? {}).map(([rule, message]) =>
    rule === 'whitelistValidation' ? unknownOption(failure, path) : wrongValue(failure, message, path),
  );
  return own.concat((failure.children ?? []).flatMap(child => faultsOf(child, path)));
}

function wrongValue({ property, value }: ValidationError, message: string, path: Steps): OptionFault {
  // The path in front names the property already.
  const sentence = message.startsWith(`${property} `) ? message.slice(property.length + 1) : message;
  return { path, message: sentence, at: value === undefined ? 'key' : 'value' };
}

function unknownOption({ property, target }: ValidationError, path: Steps): OptionFault {
  const near = target === undefined ? undefined : nearest(property, declaredIn(target.constructor));
  const suggestion = near === undefined ? {} : { suggestion: JSON.stringify(near) };
  return { path, message: 'unknown option', at: 'key', ...suggestion };
}

function declaredIn(type: object): Set<string> {
  const declared = getMetadataStorage().getTargetValidationMetadatas(type as Type<object>, '', true, false);
  return new Set(declared.map(({ propertyName }) => propertyName));
}
