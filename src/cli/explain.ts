import { GatewayConfig } from '../config/file/gateway.config.js';
import { BadQuestion, readHeaderLine, readQuestion } from '../explain/question.js';
import { Explainer } from '../explain/explainer.js';
import { explanationText } from '../explain/explanation-text.js';
import { createGateway } from '../standalone.js';
import { usage } from './admin-client.js';
import { exitCode } from './exit-code.js';
import { loadExtensions, type LoadedExtensions } from './extension-files.js';
import { loadFile } from './load-file.js';

/** Options of `gatehouse explain`. */
export interface ExplainOptions {
  readonly config?: string;
  /** Files with modules of one's own. */
  readonly extension?: readonly string[];
  /** `name: value`, any number. */
  readonly header?: readonly string[];
  readonly ip?: string;
  readonly listener?: string;
  readonly json?: boolean;
}

/** `gatehouse explain [METHOD] URL`: what the gateway would do with a request, from its file alone. Nothing listens, and no backend is asked. */
export async function explain(words: readonly string[], options: ExplainOptions): Promise<number> {
  if (words.length > 2) return usage('explain takes a method and a URL: explain POST http://shop.example/orders.');
  const [url, method] = words.toReversed();
  const file = options.config ?? process.env['GATEWAY_CONFIG'];
  if (file === undefined || file === '') return usage('name the file with --config or GATEWAY_CONFIG.');
  const headers: Record<string, string[]> = {};
  for (const line of options.header ?? []) {
    const field = readHeaderLine(line);
    // What stands there may be a secret, without a name.
    if (field === undefined) return usage('a --header is a name, a colon and a value: --header "x-beta: 1".');
    (headers[field[0]] ??= []).push(field[1]);
  }
  const { ip, listener } = options;
  try {
    const question = readQuestion({ url, ...(method && { method }), headers, ip, listener });
    const extensions = await loadExtensions(options.extension);
    const explainer = await explainerOf(loadFile(file, process.env, extensions.known).config, extensions);
    try {
      const explanation = await explainer.explain(question);
      process.stdout.write(
        options.json === true ? `${JSON.stringify(explanation, null, 2)}\n` : explanationText(explanation),
      );
      return exitCode.ok;
    } finally {
      await explainer.end();
    }
  } catch (error) {
    if (error instanceof BadQuestion) return usage(error.message);
    throw error;
  }
}

/** The explainer of a gateway that does not run: it has no counts, and all its backends are well. */
async function explainerOf(
  config: GatewayConfig,
  { imports }: LoadedExtensions,
): Promise<Pick<Explainer, 'explain'> & { end(): Promise<unknown> }> {
  const silent = { write: (_: Buffer, done: () => void): void => done(), writeNow: (): void => undefined };
  const gateway = await createGateway(withoutEffect(config), { logSink: silent, imports: [...imports] });
  const explainer = gateway.app.get(Explainer);
  return { explain: question => explainer.explain(question), end: () => gateway.stop(0) };
}

/** The same configuration without what would begin by itself: probes, searches for backends, a connection to Redis. */
function withoutEffect(config: GatewayConfig): GatewayConfig {
  const upstreams = new Map(
    Array.from(config.upstreams, ([name, upstream]) => {
      const quiet = Object.assign(
        Object.create(Object.getPrototypeOf(upstream) as object) as typeof upstream,
        upstream,
      );
      delete quiet.healthCheck;
      delete quiet.discovery;
      return [name, quiet] as const;
    }),
  );
  return Object.assign(new GatewayConfig(), config, { upstreams, rateLimitStore: 'memory' });
}
