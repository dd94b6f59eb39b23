import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { versionOf } from '#bench/machine';
import type { Subject } from '#bench/subjects/subject';

/** HAProxy with one thread and its HTTP log on standard output. */
export const haproxy: Subject = {
  name: 'haproxy',
  protocols: ['http', 'https', 'h2', 'websocket', 'events'],
  version: () => versionOf('haproxy', ['-v'], /version ([\d.]+)/),
  prepare: ({ port, protocol, certificate, backends, folder }) => {
    const tls =
      certificate === undefined
        ? ''
        : ` ssl crt ${certificate.certFile} alpn ${protocol === 'h2' ? 'h2,' : ''}http/1.1`;
    const file = join(folder, 'haproxy.cfg');
    writeFileSync(
      file,
      `global
  log stdout format raw local0
  nbthread 1
  maxconn 8000
defaults
  mode http
  log global
  option httplog
  option forwardfor
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  timeout tunnel 1h
listen proxy
  bind 127.0.0.1:${port}${tls}
  balance roundrobin
${backends.map((backend, index) => `  server b${index} ${backend}`).join('\n')}
`,
    );
    return { file: 'haproxy', args: ['-db', '-f', file] };
  },
};
