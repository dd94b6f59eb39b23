import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import type { Manifest } from './kubernetes-schema.js';

/** What this reads of a kustomization.yaml. */
interface Kustomization {
  readonly namespace?: string;
  readonly resources?: readonly string[];
  readonly labels?: readonly { readonly pairs: Readonly<Record<string, string>> }[];
  readonly configMapGenerator?: readonly {
    readonly name: string;
    readonly behavior?: 'create' | 'merge' | 'replace';
    readonly files: readonly string[];
  }[];
  readonly generatorOptions?: { readonly disableNameSuffixHash?: boolean };
  readonly images?: readonly { readonly name: string; readonly newName?: string; readonly newTag?: string }[];
  readonly patches?: readonly { readonly path: string }[];
}

const known = new Set([
  ...['apiVersion', 'kind', 'namespace', 'resources', 'labels', 'configMapGenerator', 'generatorOptions', 'images'],
  'patches',
]);

/**
 * The objects that a folder with a kustomization.yaml stands for, as `kubectl kustomize` shows them, for the few features that our own use.
 * @throws Error for others, and where a name leads nowhere.
 */
export async function kustomize(folder: string): Promise<Manifest[]> {
  const read = async (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
  const kustomization = parse(await read('kustomization.yaml')) as Kustomization;
  const unknown = Object.keys(kustomization).filter(key => !known.has(key));
  if (unknown.length > 0) throw new Error(`${folder}: ${unknown.join(', ')} cannot be read here`);

  const resources = await Promise.all((kustomization.resources ?? []).map(name => resource(join(folder, name))));
  let manifests = resources.flat();
  for (const { name, behavior = 'create', files } of kustomization.configMapGenerator ?? []) {
    const isBelow = manifests.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name);
    if ((behavior === 'create') !== (isBelow === undefined)) throw new Error(`${behavior}: ConfigMap ${name}`);
    if (behavior === 'create' && kustomization.generatorOptions?.disableNameSuffixHash !== true)
      throw new Error(`ConfigMap ${name} has a hash in its name: a change of it replaces all pods`);
    const texts = await Promise.all(files.map(async file => [file, await read(file)] as const));
    const data = { ...(behavior === 'merge' && isBelow?.data), ...Object.fromEntries(texts) };
    manifests = manifests.filter(each => each !== isBelow);
    manifests.push({ apiVersion: 'v1', kind: 'ConfigMap', metadata: isBelow?.metadata ?? { name }, data });
  }
  for (const { path } of kustomization.patches ?? []) {
    const patch = parse(await read(path)) as Manifest;
    const index = manifests.findIndex(each => keyOf(each) === keyOf(patch));
    if (index < 0) throw new Error(`${path}: there is no ${keyOf(patch)}`);
    manifests[index] = merged(manifests[index], patch) as Manifest;
  }
  const labels = Object.assign({}, ...(kustomization.labels ?? []).map(({ pairs }) => pairs)) as Record<string, string>;
  return manifests.map(manifest => {
    const { namespace } = kustomization;
    const metadata = {
      ...manifest.metadata,
      labels: { ...manifest.metadata.labels, ...labels },
      ...(namespace !== undefined && manifest.kind !== 'Namespace' && { namespace }),
    };
    return withImages({ ...manifest, metadata }, kustomization.images ?? []) as Manifest;
  });
}

async function resource(path: string): Promise<Manifest[]> {
  if ((await stat(path)).isDirectory()) return kustomize(path);
  return parseAllDocuments(await readFile(path, 'utf8')).map(document => {
    if (document.errors.length > 0) throw new Error(`${path}: ${document.errors.join()}`);
    return document.toJS() as Manifest;
  });
}

const keyOf = ({ kind, metadata }: Manifest): string => `${kind} ${metadata.name}`;

/** The value with what a patch says in its place. */
function merged(value: unknown, patch: unknown): unknown {
  if (Array.isArray(patch)) throw new Error('lists of patches are merged by rules that are not known here');
  if (typeof patch !== 'object' || patch === null) return patch;
  const block = (value ?? {}) as Record<string, unknown>;
  return Object.fromEntries([
    ...Object.entries(block),
    ...Object.entries(patch).map(([key, item]) => [key, merged(block[key], item)]),
  ]);
}

function withImages(value: unknown, images: NonNullable<Kustomization['images']>): unknown {
  if (Array.isArray(value)) return value.map(item => withImages(item, images));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => {
    const image = key === 'image' ? images.find(({ name }) => name === item) : undefined;
    return [key, image ? `${image.newName ?? image.name}:${image.newTag}` : withImages(item, images)];
  });
  return Object.fromEntries(entries);
}
