import { BackendConfig } from '../../config/file/backend.config.js';
import { backendForms } from '../../config/file/upstream.config.js';
import { fieldsOf } from '../../config/language/fields.js';
import { describeFound } from '../../config/language/kinds/found.js';
import { invalidsIn } from '../../config/language/kinds/invalid.js';
import { read } from '../../config/language/kinds/kind.js';
import { isBlock } from '../../config/language/kinds/raw-block.js';
import type { Source } from '../../config/language/kinds/source.js';
import { refusals } from '../../config/loading/collect.js';
import { fillBackend } from '../../config/loading/fill.js';
import { locate, noPositions, type Finding, type Positions } from '../../config/loading/findings.js';
import { formatProblem } from '../../config/loading/problem.js';
import { didYouMean } from '../../spelling/nearest.js';
import type { BackendDefinition } from '../live-backend.js';

/** Most backends that a discovery may find. */
export const mostFound = 10_000;

/** What a list of backends says, or what is wrong with it. */
export interface ReadBackends {
  readonly backends: readonly BackendDefinition[];
  /** Empty: all of the list can be used. */
  readonly findings: readonly Finding[];
}

/** Reads a list in the form of `backends`, as raw values. It holds a backend for each entry that can be used. */
export function readBackends(list: unknown, source: Source): ReadBackends {
  const expected = `a list of backends, ${mostFound} at most`;
  if (!Array.isArray(list)) return refused(`found ${describeFound(list)}, expected ${expected}`);
  if (list.length > mostFound) return refused(`found a list of ${list.length}, expected ${expected}`);
  const findings: Finding[] = [];
  const places = new Map<string, number>();
  const backends: BackendDefinition[] = [];
  for (const [place, entry] of list.entries()) {
    const backend = readBackend(entry, source, finding =>
      findings.push({ ...finding, path: [place, ...finding.path] }),
    );
    if (backend === undefined) continue;
    const same = places.get(backend.id);
    if (same === undefined) places.set(backend.id, place);
    else {
      const message = `[${same}] has the id ${JSON.stringify(backend.id)} too: give each an id of its own`;
      findings.push({ path: [place], message });
    }
    backends.push(backend);
  }
  return { backends, findings };
}

/** Throws an error, in one line, that names the first thing that is wrong, and how many more there are. */
export function refuse(findings: readonly Finding[], positions: Positions = noPositions): void {
  const [first, ...others] = locate(findings, positions);
  if (first === undefined) return;
  throw new Error(`${formatProblem(first)}${others.length === 0 ? '' : ` (and ${others.length} more)`}`);
}

function refused(message: string): ReadBackends {
  return { backends: [], findings: [{ path: [], message }] };
}

const fields = fieldsOf(BackendConfig);

/** Not by class-validator, as the configuration: there may be thousands, again and again. */
function readBackend(
  entry: unknown,
  source: Source,
  report: (finding: Finding) => void,
): BackendDefinition | undefined {
  const raw = backendForms.expand(entry) ?? entry;
  if (!isBlock(raw)) {
    const message = `found ${describeFound(entry)}, expected ${backendForms.shortExpected}, or a block with ${[...fields.keys()].join(', ')}`;
    report({ path: [], message });
    return undefined;
  }
  const backend = new BackendConfig();
  let isUsable = true;
  for (const [key, written] of Object.entries(raw)) {
    const found = readKey(key, written, source);
    for (const finding of found.findings) report(finding);
    if (found.findings.length === 0) Object.assign(backend, { [key]: found.value });
    else isUsable = false;
  }
  if (isUsable && (backend.url === undefined) === (backend.unix === undefined)) {
    isUsable = false;
    const message =
      backend.url === undefined ? 'missing url: where the backend listens' : 'url and unix exclude each other';
    report({ path: [], message });
  }
  if (!isUsable) return undefined;
  fillBackend(backend);
  return backend;
}

function readKey(key: string, written: unknown, source: Source): { value?: unknown; findings: readonly Finding[] } {
  const field = fields.get(key);
  if (field === undefined) {
    const known = [...fields.keys()];
    const message = `unknown key ${JSON.stringify(key)}, expected one of ${known.join(', ')}${didYouMean(key, known)}`;
    return { findings: [{ path: [key], at: 'key', message }] };
  }
  const value = read(field.kind, written, source);
  return invalidsIn(value).length === 0 ? { value, findings: [] } : { findings: refusals([key], value) };
}
