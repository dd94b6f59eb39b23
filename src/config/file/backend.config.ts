import { Key } from '../language/key.js';
import { flag } from '../language/kinds/choice.js';
import { socketPath } from '../language/kinds/file-path.js';
import { integer } from '../language/kinds/number.js';
import { label } from '../language/kinds/text.js';
import { backendUrl } from '../language/kinds/url.js';

/** One server of an upstream. */
export class BackendConfig {
  @Key(label, {
    doc: 'Labels metrics, logs and the admin API, and is what hashing strategies are made of: give one where addresses change. Unique in its upstream.',
    defaultText: 'host:port, or the path of the socket',
  })
  declare id: string;

  @Key(backendUrl, {
    doc: 'Scheme, host and port, without a path; `unix:/run/app.sock` for a unix socket. `https` verifies the certificate, see `tls` of the upstream.',
    defaultText: 'none: this or `unix` is required',
  })
  declare url: string;

  @Key(socketPath, { doc: 'Path of a unix socket, instead of `url`. Relative to the file.' })
  declare unix?: string;

  @Key(integer(1, 1000), { doc: 'Share of the traffic relative to its siblings, 1 to 1000.' })
  weight: number = 1;

  @Key(flag, {
    doc: 'Used only when no backend without this mark is available, and to retry what each of those has failed.',
  })
  backup: boolean = false;
}
