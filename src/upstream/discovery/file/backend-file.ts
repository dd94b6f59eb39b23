import { basename, dirname } from 'node:path';
import { Source } from '../../../config/language/kinds/source.js';
import { largestFile } from '../../../config/loading/yaml-bounds.js';
import { readYaml } from '../../../config/loading/yaml-source.js';
import { readBoundedText, whyUnreadable } from '../../../platform/bounded-file.js';
import type { BackendDefinition } from '../../live-backend.js';
import type { FoundBackend } from '../discovery.js';
import { readBackends, refuse } from '../found-backends.js';

/** The backends in a YAML or JSON file with a list of them. Throws, in one line with line and column, when not all of the file can be used. */
export function readBackendFile(file: string): FoundBackend[] {
  const name = basename(file);
  let text: string;
  try {
    text = readBoundedText(file, { dropMark: true, maxBytes: largestFile, maxWait: 0 });
  } catch (error) {
    throw new Error(`${name} ${whyUnreadable(error)}`, { cause: error });
  }
  const { value, findings, positions } = readYaml(text, name, {});
  refuse(findings, positions);
  const { backends, findings: faults } = readBackends(value, new Source(dirname(file)));
  refuse(faults, positions);
  return backends.map(asFound);
}

function asFound({ id, unix, url, weight, backup }: BackendDefinition): FoundBackend {
  return { id, url: unix === undefined ? url : `unix:${unix}`, weight, backup };
}
