import type { Path, Place, Positions } from '../findings.js';

/** A value of a configuration that several files give together, or that one of them gives. */
export class Branch {
  /** The values in it, by key or place in the list, when they need not be of one file. */
  readonly parts = new Map<string, Branch>();

  constructor(
    /** The positions in the file that gives the value, the first one where several do. */
    readonly positions: Positions,
    /** The way to the value in that file. */
    readonly path: Path,
  ) {}
}

/** The positions of the values of a configuration in several files. */
export class BranchedPositions implements Positions {
  constructor(
    private readonly root: Branch,
    readonly files: readonly string[],
  ) {}

  find(path: Path, at: 'key' | 'value'): Place | undefined {
    let branch = this.root;
    for (const [depth, step] of path.entries()) {
      const inner = branch.parts.get(String(step));
      if (inner === undefined) return branch.positions.find([...branch.path, ...path.slice(depth)], at);
      branch = inner;
    }
    return branch.positions.find(branch.path, at);
  }
}
