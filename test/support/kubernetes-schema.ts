import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** An object of Kubernetes as it stands in a file. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec?: unknown;
  readonly data?: Readonly<Record<string, string>>;
}

type Model = new (data: unknown) => { validate(): void };

/** What is wrong with an object by the OpenAPI schemas of Kubernetes: wrong and missing values, and fields that there are not. */
export async function problemsOf(manifest: Manifest): Promise<string[]> {
  const name = `${packageOf(manifest.apiVersion)}/${manifest.apiVersion}/${manifest.kind}`;
  const { [manifest.kind]: model } = (await import(/* @vite-ignore */ name)) as Record<string, Model>;
  const where = `${manifest.kind} ${manifest.metadata.name}`;
  const problems = await new Declarations().unknownIn(manifest, { file: declarationOf(name), type: manifest.kind });
  try {
    new model!(manifest).validate();
  } catch (error) {
    problems.push(String(error));
  }
  return problems.map(problem => `${where}: ${problem}`);
}

function packageOf(apiVersion: string): string {
  return apiVersion.startsWith('monitoring.coreos.com/')
    ? '@kubernetes-models/prometheus-operator'
    : 'kubernetes-models';
}

/** The packages let modules be imported, and no file be found. */
const declarationOf = (module: string): string =>
  fileURLToPath(new URL(`../../node_modules/${module}.d.ts`, import.meta.url));

/** A class in a file of declarations. */
interface Declared {
  readonly file: string;
  readonly type: string;
}

/** The fields of the schemas, from the declarations of their classes: the schemas themselves let any field pass. */
class Declarations {
  readonly #texts = new Map<string, Promise<string>>();

  /** The paths in a value that its class does not have. */
  async unknownIn(value: unknown, declared: Declared, path = ''): Promise<string[]> {
    if (Array.isArray(value)) {
      const found = await Promise.all(value.map((item, index) => this.unknownIn(item, declared, `${path}[${index}]`)));
      return found.flat();
    }
    if (typeof value !== 'object' || value === null) return [];
    const text = await this.#text(declared.file);
    const body = new RegExp(`^export declare class ${declared.type} [^]*?\\{\\n([^]*?)^\\}`, 'm').exec(text);
    // A type without fields, such as that of quantities and ports: the validator knows what it may be.
    if (body === null) return [];
    const fields = new Map(Array.from(body[1]!.matchAll(/^ {4}"(.+?)"\??: (.+)$/gm), ([, key, type]) => [key!, type!]));
    const found = await Promise.all(
      Object.entries(value).map(async ([key, item]) => {
        const type = fields.get(key);
        const at = path === '' ? key : `${path}.${key}`;
        if (type === undefined) return [`unknown field ${at}`];
        const inner = /\bI(Io|Com)\w+/.exec(type)?.[0];
        return inner === undefined ? [] : this.unknownIn(item, this.#imported(inner, declared.file, text), at);
      }),
    );
    return found.flat();
  }

  /** The class of a type that a file imports under a long name: its own is that of its file. */
  #imported(name: string, file: string, text: string): Declared {
    const from = new RegExp(`import \\{[^}]*\\b${name}\\b[^}]*\\} from "([^"]+)"`).exec(text)?.[1];
    if (from === undefined) return { file, type: name.slice(1) };
    const found = from.startsWith('.')
      ? fileURLToPath(new URL(from.replace(/\.js$/, '.d.ts'), `file://${file}`))
      : declarationOf(from);
    return { file: found, type: /(\w+)\.d\.ts$/.exec(found)![1]! };
  }

  #text(file: string): Promise<string> {
    const known = this.#texts.get(file) ?? readFile(file, 'utf8');
    this.#texts.set(file, known);
    return known;
  }
}
