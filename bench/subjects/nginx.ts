import { userInfo } from 'node:os';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from '#bench/command';
import { versionOf } from '#bench/machine';
import type { Setting, Subject } from '#bench/subjects/subject';
import type { Protocol } from '#bench/work';

/** The version of nginx, or undefined when it is not installed. */
export function nginxVersion(): string | undefined {
  return versionOf('nginx', ['-v'], /nginx\/(\S+)/);
}

/** Writes an nginx configuration around the given `http` block and returns the command for it: one worker, everything in the folder. */
export function nginxCommand(folder: string, http: string): Command {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  // Workers of a root master would run as the user `nobody`, which cannot enter the private folder.
  const user = userInfo().uid === 0 ? 'user root root;' : '';
  const file = join(folder, 'nginx.conf');
  writeFileSync(
    file,
    `${user}
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr warn;
events { worker_connections 16000; }
http {
  ${temporary.map(name => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  keepalive_timeout 75s;
  keepalive_requests 1000000000;
${http}
}
`,
  );
  return { file: 'nginx', args: ['-e', 'stderr', '-p', folder, '-c', file] };
}

/** What a location needs beside the usual, by what goes through it. */
const locations: Readonly<Partial<Record<Protocol, string>>> = {
  websocket: 'proxy_set_header Connection "upgrade";\n      proxy_set_header Upgrade $http_upgrade;',
  events: 'proxy_set_header Connection "";\n      proxy_buffering off;',
};

function listen({ port, protocol, certificate }: Setting): string {
  if (certificate === undefined) return `listen 127.0.0.1:${port};`;
  const { certFile, keyFile } = certificate;
  const http2 = protocol === 'h2' ? ' http2' : '';
  return `listen 127.0.0.1:${port} ssl${http2};
    ssl_certificate ${certFile};
    ssl_certificate_key ${keyFile};`;
}

/** nginx with an access log and kept connections to its backends. */
export const nginx: Subject = {
  name: 'nginx',
  protocols: ['http', 'https', 'h2', 'websocket', 'events'],
  version: nginxVersion,
  prepare: setting =>
    nginxCommand(
      setting.folder,
      `  access_log ${setting.folder}/access.log combined;
  upstream backends {
    ${setting.backends.map(backend => `server ${backend};`).join('\n    ')}
    keepalive 256;
    keepalive_requests 1000000000;
  }
  server {
    ${listen(setting)}
    location / {
      proxy_pass http://backends;
      proxy_http_version 1.1;
      ${locations[setting.protocol] ?? 'proxy_set_header Connection "";'}
      proxy_set_header Host $http_host;
      proxy_set_header X-Real-IP $remote_addr;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
    }
  }`,
    ),
};
