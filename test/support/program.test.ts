import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { Child } from './child.js';
import { answer, startBackend } from './backend.js';
import { request } from './client.js';
import { RunningGateway, runCli, startGateway, withFreePorts } from './program.js';

function script(source: string): Child {
  return new Child(process.execPath, ['-e', source]);
}

const talking = `
  process.on('SIGTERM', () => { console.error('bye'); process.exit(7); });
  console.log('not json');
  console.log(JSON.stringify({ msg: 'listening', listener: 'web', url: 'http://127.0.0.1:4001' }));
  console.log(JSON.stringify({ msg: 'listening', listener: 'secure', url: 'https://127.0.0.1:4002' }));
  console.log(JSON.stringify({ msg: 'listening', listener: 'local', url: 'unix:/run/x.sock' }));
  console.log(JSON.stringify({ msg: 'listening', listener: 'admin', url: 'http://127.0.0.1:4003' }));
  setInterval(() => {}, 1000);
`;

describe('a running program', () => {
  it('knows the addresses that the program printed', async () => {
    const gateway = new RunningGateway(script(talking), undefined);
    const line = await gateway.waitForLog(({ listener }) => listener === 'admin');
    expect(line['url']).toBe('http://127.0.0.1:4003');
    expect(gateway.ports).toEqual({ web: 4001, secure: 4002 });
    expect(gateway.port).toBe(4001);
    expect(gateway.adminPort).toBe(4003);
    expect(gateway.urls['local']).toBe('unix:/run/x.sock');
    expect(await gateway.stop()).toEqual({ code: 7, signal: null });
    expect(gateway.stderr).toBe('bye\n');
  });

  it('shows the output of a program that ends too early', async () => {
    const child = script("console.error('bad port'); process.exit(3)");
    await expect(child.until(() => false, 'it was up')).rejects.toThrow(/ended \(3\) before it was up\nbad port/);
  });

  it('kills a program that does not want to stop', async () => {
    const child = script("process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1000)");
    await child.until(() => child.stdout.includes('up'), 'it was up');
    await expect(child.stop('SIGTERM', 100)).rejects.toThrow('did not end after SIGTERM');
    expect(child.exit).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('passes standard input and environment on, and little else', async () => {
    const child = new Child(
      process.execPath,
      ['-e', 'process.stdin.pipe(process.stdout); console.error(process.env.A, process.env.VITEST)'],
      {
        env: { A: 'b' },
        stdin: 'hello',
      },
    );
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect(child.stdout).toBe('hello');
    expect(child.stderr).toBe('b undefined\n');
  });
});

describe('free ports', () => {
  it('are added where a configuration names none', () => {
    const config = parse(withFreePorts('upstreams: { app: { backends: [http://127.0.0.1:1] } }\n'));
    expect(config).toMatchObject({ listeners: [{ name: 'web', host: '127.0.0.1', port: 0 }], admin: { port: 0 } });
  });

  it('leave a configuration with ports as it is', () => {
    const yaml = '# mine\nadmin: { port: 1 }\nlisteners: [{ port: 2 }]\nworkers: 3\n';
    expect(withFreePorts(yaml)).toBe(yaml);
  });
});

describe('the real program', () => {
  it('starts on free ports, proxies, logs and stops', async () => {
    const backend = await startBackend(answer(200, 'from the backend'));
    const gateway = await startGateway({ upstreams: { app: { backends: [backend.url] } } });
    expect((await request(gateway.port, { path: '/a' })).text).toBe('from the backend');
    expect((await request(gateway.adminPort, { path: '/health/ready' })).status).toBe(200);
    await gateway.waitForLog(line => line['path'] === '/a' && line['status'] === 200);
    expect(await gateway.stop()).toEqual({ code: 0, signal: null });
  });

  it('says in the error why it did not start', async () => {
    await expect(startGateway('upstreams: { app: { backends: [nonsense] } }')).rejects.toThrow(
      /ended \(\d+\).*\n.*backends/s,
    );
  });

  it('runs a command to its end', async () => {
    const { code, stdout } = await runCli(['--version']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
