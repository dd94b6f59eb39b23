import type { AdminConfig } from '../config/file/admin.config.js';
import { Placed } from '../config/language/kinds/placed.js';
import { isBlock, type RawBlock } from '../config/language/kinds/raw-block.js';
import { settleSubstitutions } from '../config/language/kinds/substituted.js';
import type { Environment } from '../config/loading/environment.js';
import { largestFile } from '../config/loading/yaml-bounds.js';
import { readYaml } from '../config/loading/yaml-source.js';
import { readBoundedText } from '../platform/bounded-file.js';

type AdminAddress = Pick<AdminConfig, 'host' | 'port'>;

/** Where the admin listener is when nothing says otherwise: the defaults of `AdminConfig`, which would bring half of the program along. */
export const usualAdmin: AdminAddress = { host: '127.0.0.1', port: 9901 };

/**
 * Where a file has the admin listener, at a small part of what reading the whole configuration costs: for a question that is asked every few seconds. Where the
 * file does not tell, because it is silent, wrong or not there, the answer is the default: a gateway goes on while its file is broken.
 */
export async function adminOfFile(file: string, env: Environment): Promise<AdminAddress> {
  const { host, port } = await adminBlock(file, env).catch((): RawBlock => ({}));
  const [givenHost, givenPort] = [valueOf(host), valueOf(port)];
  const isPort = Number.isInteger(givenPort) && Number(givenPort) >= 0 && Number(givenPort) < 65_536;
  return {
    host: typeof givenHost === 'string' ? givenHost : usualAdmin.host,
    port: isPort ? Number(givenPort) : usualAdmin.port,
  };
}

async function adminBlock(file: string, env: Environment): Promise<RawBlock> {
  const text = readBoundedText(file, { dropMark: true, maxBytes: largestFile });
  const { value } = readYaml(text, file, env, true);
  const whole = isBlock(value) && Object.hasOwn(value, 'include') ? await joined(text, file, env) : undefined;
  return adminIn(whole) ?? adminIn(value) ?? {};
}

function adminIn(whole: unknown): RawBlock | undefined {
  return isBlock(whole) && isBlock(whole['admin']) ? whole['admin'] : undefined;
}

/** The file and those that it includes, which may give a part of the block. */
async function joined(text: string, file: string, env: Environment): Promise<unknown> {
  const [{ IncludeReader }, { merge }] = await Promise.all([
    import('../config/loading/including/include-reader.js'),
    import('../config/loading/including/merge.js'),
  ]);
  const reader = new IncludeReader(env);
  reader.add(text, file);
  return merge(reader.parts).value;
}

function valueOf(raw: unknown): unknown {
  return settleSubstitutions(raw instanceof Placed ? raw.value : raw);
}
