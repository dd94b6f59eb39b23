import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DynamicModule, Type } from '@nestjs/common';
import type { KnownNames } from '../config/loading/checks/check.js';
import { ExtensionError } from '../extension/extension-error.js';
import { namesOf } from '../extension/named.js';
import { builtInExtensions, knownExtensions } from '../known-extensions.js';
import { packageRoot } from '../package-root.js';
import { declaredOn } from '../platform/nest-metadata.js';

/** What `--extension` has brought. */
export interface LoadedExtensions {
  /** For `imports` of the gateway. */
  readonly imports: readonly (Type | DynamicModule)[];
  /** What a configuration may name, with what is built in. */
  readonly known: KnownNames;
}

/** No extension. */
export const noExtensions: LoadedExtensions = { imports: [], known: builtInExtensions };

/** Packages of which the files of extensions get the gateway's own copy: with another one, its tokens and classes would not be the gateway's. */
const ours =
  /^(?:gatehouse|@nestjs\/(?:common|core)|class-transformer|class-validator|prom-client|reflect-metadata|rxjs)(?:$|\/)/;

let areShared = false;

/** What the files export: Nest modules, and classes with names of their own. Throws an {@link ExtensionError} of one line that says what to do. */
export async function loadExtensions(files: readonly string[] = []): Promise<LoadedExtensions> {
  if (files.length === 0) return noExtensions;
  shareOurs();
  const imports: (Type | DynamicModule)[] = [];
  for (const file of files) imports.push(...(await partsOf(file)));
  return { imports, known: await knownExtensions(...imports) };
}

/** Has the files of extensions use the packages that the gateway uses, wherever they are. */
function shareOurs(): void {
  if (areShared) return;
  areShared = true;
  const home = pathToFileURL(join(packageRoot, 'package.json')).href;
  registerHooks({
    resolve: (specifier, context, next) => {
      if (!ours.test(specifier)) return next(specifier, context);
      try {
        return next(specifier, { ...context, parentURL: home });
      } catch {
        return next(specifier, context);
      }
    },
  });
}

async function partsOf(file: string): Promise<(Type | DynamicModule)[]> {
  const refuse = (why: string): ExtensionError => new ExtensionError(`--extension ${file}: ${why}`);
  const path = resolve(file);
  if (!existsSync(path)) throw refuse('there is no such file');
  if (/^\.[cm]?ts$/.test(extname(path))) {
    throw refuse('it is TypeScript, whose decorators Node does not run: compile it (npx tsc), and name the .js file');
  }
  const exported = await load(path).catch((error: unknown) => {
    throw refuse(whyNotLoaded(error, path));
  });
  const values = valuesOf(exported);
  const modules = values.filter(isModule);
  const classes = values.filter((each): each is Type => !isModule(each) && namesOf(each).length > 0);
  if (modules.length + classes.length === 0) {
    const found = Object.keys(exported).join(', ') || 'nothing';
    throw refuse(`it exports no Nest module, and no class with @Strategy, @Policy or the like; found: ${found}`);
  }
  return classes.length === 0 ? modules : [...modules, moduleOf(classes)];
}

async function load(path: string): Promise<Record<string, unknown>> {
  return (await import(pathToFileURL(path).href)) as Record<string, unknown>;
}

/** All that a file exports, each once. CommonJS exports all by one object. */
function valuesOf(exported: Record<string, unknown>): unknown[] {
  const { default: main, ...named } = exported;
  const isObject = typeof main === 'object' && main !== null && !isModule(main);
  return [...new Set([main, ...(isObject ? Object.values(main) : []), ...Object.values(named)])];
}

function isModule(value: unknown): value is Type | DynamicModule {
  if (typeof value === 'function') return declaredOn(value) !== undefined;
  return typeof value === 'object' && value !== null && 'module' in value && typeof value.module === 'function';
}

/** Classes that stand in no module of their own. */
function moduleOf(classes: readonly Type[]): DynamicModule {
  return { module: class Extensions {}, providers: [...classes] };
}

/** One line, with the line of the file where that cannot be parsed. */
function whyNotLoaded(error: unknown, path: string): string {
  if (!(error instanceof Error)) return `it has thrown ${String(error)}`;
  const [message = ''] = error.message.split('\n');
  return `${error.name}: ${message}${error instanceof SyntaxError ? lineIn(path) : ''}`;
}

/** Which line cannot be parsed: the error of an import does not say so, and Node's own check does. */
function lineIn(path: string): string {
  const { stderr } = spawnSync(process.execPath, ['--check', path], { encoding: 'utf8', timeout: 5_000 });
  const [place = ''] = stderr.split('\n');
  return place.startsWith(`${path}:`) ? ` (line ${place.slice(path.length + 1)})` : '';
}
