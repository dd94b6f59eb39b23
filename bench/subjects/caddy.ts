import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { versionOf } from '#bench/machine';
import type { Subject } from '#bench/subjects/subject';

/** Caddy with its JSON access log in a file, balancing in turn as the others do. */
export const caddy: Subject = {
  name: 'caddy',
  version: () => versionOf('caddy', ['version'], /v?(\d[\w.]*)/),
  prepare: ({ port, backends, folder }) => {
    const file = join(folder, 'Caddyfile');
    writeFileSync(
      file,
      `{
  admin off
  auto_https off
}
http://:${port} {
  bind 127.0.0.1
  log {
    output file ${folder}/access.log {
      roll_disabled
    }
    format json
  }
  reverse_proxy ${backends.join(' ')} {
    lb_policy round_robin
    transport http {
      keepalive_idle_conns_per_host 256
    }
  }
}
`,
    );
    return {
      file: 'caddy',
      args: ['run', '--config', file, '--adapter', 'caddyfile'],
      env: { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    };
  },
};
