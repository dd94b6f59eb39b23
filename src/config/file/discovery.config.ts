import { Key } from '../language/key.js';
import { block } from '../language/kinds/block.js';
import { choice } from '../language/kinds/choice.js';
import { duration } from '../language/kinds/duration.js';
import { watchedFile } from '../language/kinds/file-path.js';
import { Invalid } from '../language/kinds/invalid.js';
import type { Kind } from '../language/kinds/kind.js';
import { choiceSchema, formatChoice } from '../language/kinds/named-choice.js';
import { list } from '../language/kinds/list.js';
import { host, nameServer } from '../language/kinds/network.js';
import { port } from '../language/kinds/number.js';
import { options } from '../language/kinds/options.js';
import { isBlock } from '../language/kinds/raw-block.js';
import { name } from '../language/kinds/text.js';

/** The discoveries that come with the gateway. Each has a key of its own in the block, which holds what it looks at. */
export const builtInDiscoveries = ['dns', 'file'] as const;

/** Record types that are looked up. */
export type RecordType = 'A' | 'AAAA' | 'SRV';

/** Backends that are found by the gateway itself: through DNS, or in a file. */
export class DiscoveryConfig {
  @Key(host, {
    doc: 'Name that is looked up, in full: no search list is tried, so `orders` alone finds nothing on Kubernetes, and `orders.shop.svc.cluster.local` does. Each address is a backend (`10.0.0.1:3000` is its id). When a question fails, or the answer is that there is nothing (NXDOMAIN, no records), the backends of the last good answer stay.',
    defaultText: 'none: this, `file` or `name` is required',
  })
  declare dns?: string;

  @Key(choice('A', 'AAAA', 'SRV'), {
    doc: 'Record type. `SRV`: the records carry ports and weights; those of the lowest priority are used, the others are backups; their targets are looked up as A or, where one has none, as AAAA.',
  })
  type: RecordType = 'A';

  @Key(port, { doc: 'Port of the backends. Required with `A` and `AAAA`; not with `SRV`, whose records carry it.' })
  declare port?: number;

  @Key(choice('http', 'https'), {
    doc: 'How the backends are spoken to. With `https`, say in `tls.serverName` which name their certificate carries: they are known by their addresses.',
  })
  scheme: 'http' | 'https' = 'http';

  @Key(duration({ min: 100 }), {
    doc: 'Time between two questions. An answer whose TTL is shorter is asked for again when that is over, but not more often than each second. As long as there has been no good answer, a question is asked each second.',
  })
  refresh: number = 5_000;

  @Key(list(nameServer, { max: 16 }), {
    doc: 'Addresses of the DNS servers that are asked, with or without a port (`127.0.0.1:8600`, `[::1]:53`), each when the ones before it fail.',
    defaultText: 'those of the system (`/etc/resolv.conf`)',
  })
  resolvers: string[] = [];

  @Key(watchedFile, {
    doc: 'YAML or JSON file with a list in the form of `backends`, instead of `dns`. It is read again when it changes, also when another file takes its name or a symbolic link on its way leads elsewhere. One that is broken is reported in the log with line and column, and the backends of the last good one stay; an empty list means none. Paths in it are relative to its folder; it has no variables.',
  })
  declare file?: string;
}

/** A discovery that a module registers, by its name, with the options that it declares. */
export class DiscoveryChoice {
  @Key(name, { required: true, doc: 'Its name.' })
  declare name: string;

  @Key(options, { doc: 'Its options.' })
  options: Readonly<Record<string, unknown>> = {};
}

const builtIn = block(() => DiscoveryConfig, {
  shorten: (formatted, { file }) => (file === undefined ? formatted : { file }),
});
const registered = block(() => DiscoveryChoice);
const ofRegistered = choiceSchema('discovery');
const expected =
  'a block with dns and port, a block with file, the name of a discovery that a module registers, or a block with name and its options';

/** How backends are found: by a block of the built-in discoveries, or by the name of another one. */
export const discovery: Kind<DiscoveryConfig | DiscoveryChoice> = {
  label: 'name \\| block',
  expected,
  get schema() {
    return { anyOf: [builtIn.schema, ofRegistered] };
  },
  blocks: builtIn.blocks!,
  parse(raw, source) {
    if (isBlock(raw) && !('name' in raw)) return builtIn.parse(raw, source);
    const { name: written, ...rest } = isBlock(raw) ? raw : { name: raw };
    const chosen = registered.parse({ name: written, options: rest }, source);
    const isNamed = chosen instanceof DiscoveryChoice && !((chosen.name as unknown) instanceof Invalid);
    return isNamed ? chosen : new Invalid(raw, expected);
  },
  format: value => (value instanceof DiscoveryConfig ? builtIn.format(value) : formatChoice(value)),
};
