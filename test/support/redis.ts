import { refusedPort } from './backend.js';
import { Child } from './child.js';
import { eventually } from './poll.js';
import { requireTool } from './require-tool.js';
import { tempFolder } from './temp.js';

/** A real redis-server on loopback that keeps nothing on disk. Killed when the test has finished. */
export class RedisServer {
  constructor(
    readonly port: number,
    private child: Child,
    private readonly start: (port: number) => Promise<Child | undefined>,
  ) {}

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Ends it at once, as a crash does. */
  async kill(): Promise<void> {
    await this.child.kill();
  }

  /** Starts it again on its old port, empty. @throws Error when another program has taken the port. */
  async restart(): Promise<void> {
    await this.child.kill();
    const child = await this.start(this.port);
    if (child === undefined) throw new Error(`port ${this.port} was taken`);
    this.child = child;
  }

  /** It keeps its connections and says no more, as a server behind a network that is cut. */
  freeze(): void {
    this.child.process.kill('SIGSTOP');
  }

  thaw(): void {
    this.child.process.kill('SIGCONT');
  }
}

/** Starts a redis-server and waits until it takes connections. Skips the test or suite when it is not installed (see `requireTool`). */
export async function startRedis(): Promise<RedisServer> {
  const path = requireTool('redis-server');
  const folder = await tempFolder();
  const start = async (port: number): Promise<Child | undefined> => {
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
    const child = new Child(path, args);
    const isReady = (): boolean => child.stdout.includes('Ready to accept connections') || child.exit !== undefined;
    await eventually(isReady, { what: 'redis-server listening' });
    if (child.exit === undefined) return child;
    if (/Address already in use/.test(child.stdout)) return undefined;
    throw new Error(`redis-server did not start:\n${child.stdout}${child.stderr}`);
  };
  for (let attempt = 1; attempt <= 5; attempt++) {
    const port = await refusedPort();
    const child = await start(port);
    if (child !== undefined) return new RedisServer(port, child, start);
  }
  throw new Error('no free port for redis-server');
}
