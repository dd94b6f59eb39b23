import { GatewayConfig } from '../../file/gateway.config.js';
import { fieldsOf, type Field } from '../../language/fields.js';
import { read, type Kind } from '../../language/kinds/kind.js';
import { Placed } from '../../language/kinds/placed.js';
import { isBlock, type RawBlock } from '../../language/kinds/raw-block.js';
import type { Source } from '../../language/kinds/source.js';
import { refusals } from '../collect.js';
import { formatPlace, type Finding, type Path, type Positions } from '../findings.js';
import { Branch, BranchedPositions } from './branch.js';

/** One file of a configuration. */
export interface Part {
  /** Its keys, without `include`; undefined when it is empty or could not be parsed. */
  readonly value: unknown;
  readonly positions: Positions;
  /** What was wrong when it was read, by its own paths. */
  readonly findings: readonly Finding[];
  readonly source: Source;
}

/** Several files as one. */
interface Merged {
  readonly value: unknown;
  /** Those of the files, keys that more files give than may, and values that cannot be joined. */
  readonly findings: readonly Finding[];
  readonly positions: Positions;
}

/** A value that a file gives. */
interface Given {
  readonly part: Part;
  readonly raw: unknown;
}

/**
 * Makes one configuration of several files. The first gives the default for relative paths. Lists at the top (`listeners`, `routes`) are put one
 * behind the other; maps (`upstreams`) and blocks (`security`) become one, key by key, at any depth. All other values only one file may give: those
 * of the first file stand, and those of the others are reported.
 */
export function merge(parts: readonly Part[]): Merged {
  const main = parts[0]!;
  if (parts.length === 1) return main;
  const root = new Branch(main.positions, []);
  const merger = new Merger(main.source);
  const fields = fieldsOf(GatewayConfig);
  const given = parts.flatMap(part => (isBlock(part.value) ? [{ part, raw: part.value }] : []));
  const value = merger.blocks(given, root, key => fields.get(key));
  const files = parts.flatMap(({ positions }) => positions.files);
  const own = parts.flatMap(part => part.findings.map(finding => merger.placedFinding(part, finding)));
  return { value, findings: [...own, ...merger.findings], positions: new BranchedPositions(root, files) };
}

class Merger {
  readonly findings: Finding[] = [];
  /** By file and key: how many elements stand before those of the file in the joined list. */
  readonly #before = new Map<Part, Map<string, number>>();

  constructor(private readonly source: Source) {}

  /** A finding of one file, with its place, by the path in the whole. */
  placedFinding(part: Part, finding: Finding): Finding {
    const { path, at = 'value', position = part.positions.find(path, at) } = finding;
    const [key, index, ...rest] = path;
    const before = this.#before.get(part)?.get(String(key)) ?? 0;
    const moved = typeof index === 'number' && before > 0 ? [key!, before + index, ...rest] : path;
    return { ...finding, path: moved, ...(position && { position }) };
  }

  /** One block with the keys of all that are given. */
  blocks(given: readonly Given[], branch: Branch, fieldOf: (key: string) => Pick<Field, 'kind'> | undefined): RawBlock {
    const byKey = new Map<string, Given[]>();
    for (const { part, raw } of given) {
      for (const [key, value] of Object.entries(raw as RawBlock)) {
        const values = byKey.get(key) ?? [];
        byKey.set(key, values);
        values.push({ part, raw: value });
      }
    }
    const block = Object.create(null) as Record<string, unknown>;
    for (const [key, values] of byKey) {
      const inner = new Branch(values[0]!.part.positions, [...branch.path, key]);
      branch.parts.set(key, inner);
      block[key] = this.#join(values, inner, fieldOf(key)?.kind);
    }
    return block;
  }

  #join(given: readonly Given[], branch: Branch, kind: Kind<unknown> | undefined): unknown {
    const { path } = branch;
    const joins = kind?.joins === 'items' && path.length > 1 ? undefined : kind?.joins;
    if (given.length === 1 || kind === undefined || joins === undefined) return this.#only(given, path);
    const fits = given.filter(({ raw }) => (joins === 'items' ? Array.isArray(raw) : isBlock(raw)));
    if (fits.length < given.length) return this.#misshapen(given, fits, branch, kind);
    if (joins === 'items') return this.#items(given, branch);
    if (joins === 'names') return this.blocks(given, branch, () => undefined);
    const fields = fieldsOf(kind.blocks![0]!());
    return this.blocks(given, branch, key => fields.get(key));
  }

  /** The value of the first file, which must be the only one that gives it. */
  #only([first, ...others]: readonly Given[], path: Path): unknown {
    const place = first!.part.positions.find(path, 'key');
    const where = place === undefined ? 'in another file' : `at ${formatPlace(place)}`;
    for (const { part } of others) {
      const position = part.positions.find(path, 'key');
      const message = `stands ${where} too: only one file may give it`;
      this.findings.push({ path, message, ...(position && { position }) });
    }
    return this.#placed(first!);
  }

  /** Reports values of a wrong sort, such as a list in place of a map, and joins the others. */
  #misshapen(given: readonly Given[], fits: readonly Given[], branch: Branch, kind: Kind<unknown>): unknown {
    const wrong = given.filter(each => !fits.includes(each));
    const found = wrong.flatMap(({ part, raw }) => {
      const refused = refusals(branch.path, read(kind, raw, part.source));
      const position = part.positions.find(branch.path, 'value');
      return refused.map(finding => ({ ...finding, ...(position && { position }) }));
    });
    // A word that stands for a value (`off`) is right in itself, but not beside others.
    if (found.length === 0) return this.#only(given, branch.path);
    this.findings.push(...found);
    return fits.length === 0 ? this.#placed(given[0]!) : this.#join(fits, branch, kind);
  }

  #items(given: readonly Given[], branch: Branch): unknown[] {
    const [key] = branch.path;
    return given.flatMap(({ part, raw }) => {
      const before = branch.parts.size;
      const ofPart = this.#before.get(part) ?? new Map<string, number>();
      this.#before.set(part, ofPart.set(String(key), before));
      return (raw as unknown[]).map((item, index) => {
        branch.parts.set(String(before + index), new Branch(part.positions, [...branch.path, index]));
        return this.#placed({ part, raw: item });
      });
    });
  }

  #placed({ part, raw }: Given): unknown {
    return part.source === this.source ? raw : new Placed(raw, part.source);
  }
}
