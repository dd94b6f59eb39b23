import { PatternError } from './pattern-error.js';
import type { Assertion, Atom, Node } from './syntax.js';

/** One instruction of a compiled pattern: it leads to other instructions, until one of them is the match. */
type Instruction =
  | { readonly op: 'atom'; readonly atom: number; readonly next: number }
  | { readonly op: 'assertion'; readonly assertion: Assertion; readonly next: number }
  | { readonly op: 'fork'; readonly next: number; readonly other: number }
  | { readonly op: 'match' };

/** A pattern, compiled (Thompson's construction): its time at each character is bounded by the number of its instructions. */
export interface Program {
  readonly instructions: readonly Instruction[];
  readonly start: number;
  /** The atoms by number; equal atoms share a number. */
  readonly atoms: readonly Atom[];
}

const mostInstructions = 8192;
const mostAtoms = 512;

/** Compiles the syntax tree of a pattern. @throws PatternError when it is too large. */
export function compileProgram(node: Node): Program {
  const compiler = new Compiler();
  const start = compiler.compile(node, compiler.emit({ op: 'match' }));
  return { instructions: compiler.instructions, start, atoms: [...compiler.atoms.values()].map(([atom]) => atom) };
}

class Compiler {
  readonly instructions: Instruction[] = [];
  readonly atoms = new Map<string, readonly [Atom, number]>();

  /**
   * Emits the instructions that match the node and then continue at `next`. Works from the end to the beginning, so that `next`
   * always exists.
   */
  compile(node: Node, next: number): number {
    switch (node.kind) {
      case 'atom':
        return this.emit({ op: 'atom', atom: this.#atom(node), next });
      case 'assertion':
        return this.emit({ op: 'assertion', assertion: node.assertion, next });
      case 'sequence':
        return node.parts.reduceRight((after, part) => this.compile(part, after), next);
      case 'choice':
        return node.options
          .map(option => this.compile(option, next))
          .reduceRight((other, option) => this.emit({ op: 'fork', next: option, other }));
      case 'repeat':
        return this.#repeat(node.node, node.least, node.most, next);
    }
  }

  emit(instruction: Instruction): number {
    if (this.instructions.length >= mostInstructions) {
      const advice = 'bound the length elsewhere (maxLength, maxUrl), or count to less';
      throw new PatternError(
        `is too large: counted repetitions make more than ${mostInstructions} steps of it; ${advice}`,
      );
    }
    return this.instructions.push(instruction) - 1;
  }

  #repeat(node: Node, least: number, most: number, next: number): number {
    let entry = next;
    if (most === Infinity) {
      const loop = this.emit({ op: 'fork', next, other: next });
      this.instructions[loop] = { op: 'fork', next: this.compile(node, loop), other: next };
      entry = loop;
    } else {
      for (let i = least; i < most; i++) {
        const before = this.instructions.length;
        const once = this.compile(node, entry);
        // A node without instructions matches only the empty text, so repeating it adds nothing.
        if (this.instructions.length === before) return entry;
        entry = this.emit({ op: 'fork', next: once, other: next });
      }
    }
    for (let i = 0; i < least; i++) {
      const before = this.instructions.length;
      entry = this.compile(node, entry);
      if (this.instructions.length === before) break;
    }
    return entry;
  }

  #atom(atom: Atom): number {
    const key = `${atom.flags}/${atom.source}`;
    let known = this.atoms.get(key);
    if (known === undefined) {
      if (this.atoms.size >= mostAtoms) {
        throw new PatternError(`is too large: it tells more than ${mostAtoms} characters and classes apart`);
      }
      this.atoms.set(key, (known = [atom, this.atoms.size]));
    }
    return known[1];
  }
}
