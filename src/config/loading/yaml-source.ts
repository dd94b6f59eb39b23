import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Alias,
  parseDocument,
  type Document,
  type Node,
  type YAMLError,
} from 'yaml';
import type { Finding, Path, Place, Positions } from './findings.js';
import { Invalid } from '../language/kinds/invalid.js';
import { Substituted } from '../language/kinds/substituted.js';
import { substitute, type Environment } from './environment.js';
import { deepest, measure, mostNodes, type Excess } from './yaml-bounds.js';

/** A file as plain data (blocks without a prototype), with the positions of all values. */
export interface RawFile {
  /** Undefined for an empty file, and for one that could not be parsed: that one has findings. */
  readonly value: unknown;
  readonly findings: readonly Finding[];
  readonly positions: Positions;
  /** About how many values were parsed, uses of aliases counted. */
  readonly size: number;
}

/**
 * Reads YAML 1.2: plain data only, keys are texts, duplicate keys and tags are refused, variables are substituted. `despite`: also gives what can be read of
 * a file with a syntax error, behind which the parser guesses.
 */
export function readYaml(text: string, file: string, env: Environment, despite = false): RawFile {
  const lines = new LineCounter();
  const { scalars, excess } = measure(text);
  if (excess !== undefined) return { ...refused(excess, text, file), size: scalars / 2 };
  const document = parseDocument(text, {
    lineCounter: lines,
    schema: 'core',
    stringKeys: true,
    // Would compare each key with each other one; the reader looks for duplicates itself.
    uniqueKeys: false,
    resolveKnownTags: false,
    prettyErrors: false,
    logLevel: 'error',
  });
  const reader = new NodeReader(document, lines, file, env);
  const [fatal] = document.errors;
  // After a syntax error the parser guesses, so only the first error is reported.
  for (const error of fatal ? [fatal] : document.warnings) reader.syntax(error, text);
  const value = document.contents === null || (fatal && !despite) ? undefined : reader.read(document.contents, [], 0);
  const size = Math.max(reader.nodes, scalars / 2);
  const tooLarge = { path: [], message: 'the file is too large or nested too deep (each use of an alias counts)' };
  if (reader.isTooLarge) return { value: undefined, findings: [tooLarge], positions: reader, size };
  return { value: value ?? undefined, findings: reader.findings, positions: reader, size };
}

function refused({ message, offset }: Excess, text: string, file: string): Omit<RawFile, 'size'> {
  const before = text.slice(0, offset).split('\n');
  const position = { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
  const positions = { files: [file], find: () => undefined };
  return { value: undefined, findings: [{ path: [], message, position }], positions };
}

class NodeReader implements Positions {
  readonly findings: Finding[] = [];
  readonly files: readonly string[];
  isTooLarge = false;
  nodes = 0;
  private readonly keys = new Map<string, Place>();
  private readonly values = new Map<string, Place>();
  private readonly aliases = new Map<Alias, ReturnType<Alias['resolve']>>();

  constructor(
    private readonly document: Document.Parsed,
    private readonly lines: LineCounter,
    private readonly file: string,
    private readonly env: Environment,
  ) {
    this.files = [file];
  }

  find(path: Path, at: 'key' | 'value'): Place | undefined {
    const id = JSON.stringify(path.map(String));
    const [first, second] = at === 'key' ? [this.keys, this.values] : [this.values, this.keys];
    const found = first.get(id) ?? second.get(id);
    if (found) return found;
    return path.length > 0 ? this.find(path.slice(0, -1), 'key') : { file: this.file, line: 1, column: 1 };
  }

  /** Records an error or warning of the YAML parser. */
  syntax({ code, message, pos }: YAMLError, text: string): void {
    const sentence = message.replace(/\s+/g, ' ').trim();
    const known: Partial<Record<string, string>> = {
      MULTIPLE_DOCS: 'a second YAML document begins: one file is one configuration',
      TAG_RESOLVE_FAILED: 'tags such as !!binary are not taken: a configuration is plain data',
    };
    const said = known[code] ?? `not valid YAML: ${sentence}`;
    const position = this.position(pos[0]);
    // In a flow collection the brace of a variable begins a block, which is the most likely cause of the parser's error here.
    const hasVariable = /[{[].*\$\{/.test(text.split('\n')[position.line - 1] ?? '');
    const hint = hasVariable ? '; a ${NAME} inside { } or [ ] needs quotes' : '';
    this.findings.push({ path: [], message: `${said}${hint}`, position });
  }

  /** What an alias stands for. The library looks through the whole document for it, and an alias within others is read many times. */
  private resolve(alias: Alias): ReturnType<Alias['resolve']> {
    if (!this.aliases.has(alias)) this.aliases.set(alias, alias.resolve(this.document));
    return this.aliases.get(alias);
  }

  read(node: unknown, path: Path, depth: number): unknown {
    this.isTooLarge ||= ++this.nodes > mostNodes || depth > deepest;
    if (this.isTooLarge) return null;
    this.remember(this.values, path, node);
    if (isAlias(node)) {
      const target = this.resolve(node);
      if (target) return this.read(target, path, depth + 1);
      const message = `the alias *${node.source} has no anchor &${node.source} before it`;
      this.findings.push({ path, message });
      return new Invalid(`*${node.source}`, '', { message });
    }
    if (isSeq(node)) return node.items.map((item, index) => this.read(item, [...path, index], depth + 1));
    if (isMap(node)) {
      const block = Object.create(null) as Record<string, unknown>;
      for (const { key, value } of node.items) {
        const name = isScalar(key) ? String(key.value) : String(key);
        if (name === '<<' && isScalar(key) && key.type === 'PLAIN') {
          this.merge(key);
          continue;
        }
        if (name in block) this.double(name, key, path);
        this.remember(this.keys, [...path, name], key);
        block[name] = this.read(value, [...path, name], depth + 1);
      }
      return block;
    }
    if (!isScalar(node)) return null;
    return typeof node.value === 'string' ? this.text(node.value, path) : node.value;
  }

  private double(name: string, key: unknown, path: Path): void {
    const first = this.find([...path, name], 'key');
    const message = `the key ${JSON.stringify(name)} stands twice in its block${first ? `, first on line ${first.line}` : ''}`;
    this.findings.push({ path: [...path, name], message, position: this.placeOf(key) });
  }

  private merge(key: unknown): void {
    const message =
      'merge keys (<<) are of YAML 1.1, and not taken: write the keys out, or give the whole block an anchor and use it under its key (tls: *same)';
    this.findings.push({ path: [], message, position: this.placeOf(key) });
  }

  private placeOf(key: unknown): Place {
    const [offset = 0] = (key as Node).range ?? [];
    return this.position(offset);
  }

  private text(written: string, path: Path): unknown {
    if (!written.includes('${')) return written;
    const { text, substituted, whole, faults } = substitute(written, this.env);
    // The text may be a secret, so it is not shown.
    for (const message of faults) this.findings.push({ path, message });
    const [fault] = faults;
    if (fault !== undefined) return new Invalid(undefined, '', { message: fault });
    return substituted && whole ? new Substituted(text, written) : text;
  }

  private remember(places: Map<string, Place>, path: Path, node: unknown): void {
    const id = JSON.stringify(path.map(String));
    const range = (node as Node | null)?.range;
    // The first place counts: for an alias that is the place of its use, not of the anchor.
    if (range && !places.has(id)) places.set(id, this.position(range[0]));
  }

  private position(offset: number): Place {
    const { line, col } = this.lines.linePos(offset);
    return { file: this.file, line: Math.max(1, line), column: Math.max(1, col) };
  }
}
