import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { closeLater } from './cleanup.js';
import { requireTool } from './require-tool.js';

const run = promisify(execFile);

/** A handshake with Node's client, which by default trusts every certificate. Destroyed when the test has finished. Rejects when it fails. */
export async function handshake(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  closeLater(() => socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

/** What openssl's client (`s_client`) says. It ends when its input does. Skips the test when openssl is not installed. */
export async function opensslClient(port: number, ...args: string[]): Promise<string> {
  const openssl = requireTool('openssl');
  const promise = run(openssl, ['s_client', '-connect', `127.0.0.1:${port}`, ...args]);
  promise.child.stdin?.end();
  const { stdout, stderr } = await promise.catch((error: { stdout: string; stderr: string }) => error);
  return `${stdout}\n${stderr}`;
}
