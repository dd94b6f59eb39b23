import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { versionOf } from '#bench/machine';
import type { Subject } from '#bench/subjects/subject';

/** Caddy with its JSON access log in a file, balancing in turn as the others do. */
export const caddy: Subject = {
  name: 'caddy',
  protocols: ['http', 'https', 'h2', 'websocket', 'events'],
  version: () => versionOf('caddy', ['version'], /v?(\d[\w.]*)/),
  prepare: ({ port, protocol, certificate, backends, folder }) => {
    const scheme = certificate === undefined ? 'http' : 'https';
    const tls = certificate === undefined ? '' : `\n  tls ${certificate.certFile} ${certificate.keyFile}`;
    const file = join(folder, 'Caddyfile');
    writeFileSync(
      file,
      `{
  admin off
  auto_https off
  servers {
    protocols ${protocol === 'h2' ? 'h1 h2' : 'h1'}
  }
}
${scheme}://:${port} {
  bind 127.0.0.1${tls}
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
