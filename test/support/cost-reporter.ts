import type { Reporter, TestModule } from 'vitest/node';
import './cpu.js';

/**
 * Seconds of CPU that one file may take in CI, with all that it starts. One that needs more is two files, or has
 * found a dear way to say what it says; what must flood is a `*.long.test.ts`.
 */
const most = { spec: 20, test: 40 };

/** How many of the dearest files are printed. */
const shown = 10;

interface Cost {
  readonly name: string;
  readonly project: string;
  readonly cpu: number;
  readonly wall: number;
}

const costOf = (module: TestModule): Cost => ({
  name: module.relativeModuleId,
  project: module.project.name,
  cpu: module.meta().cpu ?? 0,
  wall: module.diagnostic().duration / 1000,
});

/** Prints which test files cost most, so that growth is seen; in CI a file over its project's bound fails the run. */
export default class CostReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const costs = modules.map(costOf).sort((a, b) => b.cpu - a.cpu);
    if (costs.length < 2) return;
    const total = costs.reduce((sum, { cpu }) => sum + cpu, 0);
    const over = costs.filter(each => each.cpu > mostOf(each));
    const text = [
      `\n ${costs.length} files took ${total.toFixed(0)} s of CPU. The dearest:`,
      ...costs.slice(0, shown).map(line),
      ...over.map(each => `${each.name} takes more than the ${mostOf(each)} s of CPU of a file`),
    ];
    process.stdout.write(`${text.join('\n')}\n`);
    if (over.length > 0 && process.env['CI'] !== undefined) process.exitCode = 1;
  }
}

function mostOf({ name, project }: Cost): number {
  if (project !== 'together') return Number.POSITIVE_INFINITY;
  return name.endsWith('.spec.ts') ? most.spec : most.test;
}

const line = ({ name, cpu, wall }: Cost): string =>
  `  ${cpu.toFixed(1).padStart(6)} s of CPU ${wall.toFixed(1).padStart(6)} s  ${name}`;
