import 'reflect-metadata';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { nearest } from '../spelling/nearest.js';
import { version } from '../version.js';
import type { BackendOptions } from './backends.js';
import type { ExplainOptions } from './explain.js';
import { exitCode } from './exit-code.js';
import type { HealthOptions } from './health.js';
import { report } from './report.js';
import type { ReloadOptions } from './reload.js';
import type { RunOptions } from './run-config.js';
import type { ShowOptions } from './status.js';
import type { TailOptions } from './tail.js';

const exitCodes = `
Exit codes:
  ${exitCode.ok}   ended as asked; check: the file is valid
  ${exitCode.invalidConfig}   the configuration is not valid, or its file cannot be read
  ${exitCode.usage}   the command line is not understood
  ${exitCode.cannotStart}   could not start (an address in use)
  ${exitCode.unreachable}   commands for a running gateway: none answers, or it does not take the request
  ${exitCode.internal}  a failure of the program itself
  SIGTERM, SIGINT and SIGQUIT end it gracefully; a second one ends it at once, with 128 + the signal's number.`;

const examples = `
Examples:
  gatehouse run --to http://127.0.0.1:3001 --to http://127.0.0.1:3002
  gatehouse run --config gateway.yaml
  gatehouse check gateway.yaml
  gatehouse demo

Without a command it runs the file that --config or GATEWAY_CONFIG names, or else the demo.`;

/** Runs the command line; resolves with the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const done: { code: number } = { code: exitCode.ok };
  const program = new Command('gatehouse')
    .description('A reverse proxy and API gateway: one YAML file, or a set of Nest modules.')
    .version(version, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .addHelpText('after', examples + '\n' + exitCodes)
    .showSuggestionAfterError()
    .showHelpAfterError('(run "gatehouse --help" for all commands)')
    .exitOverride()
    .enablePositionalOptions();
  const finish =
    <A extends unknown[]>(action: (...args: A) => Promise<number> | number) =>
    async (...args: A): Promise<void> => {
      done.code = await action(...args);
    };

  runOptions(program).action(
    finish(async (options: RunOptions, command: Command) => {
      refuseUnknownCommand(command);
      return asksForDemo(options) ? (await import('./demo.js')).demo() : run(options);
    }),
  );
  runOptions(
    program
      .command('run')
      .summary('run the gateway')
      .description('Run the gateway with a configuration file (--config or GATEWAY_CONFIG), or without one (--to).'),
  ).action(finish(run));
  extensionOption(program.command('check'))
    .summary('check a configuration file: every error at once')
    .argument('<file>', 'YAML file')
    .option('--json', 'write the findings as JSON, for machines')
    .action(
      finish(async (...args: Parameters<typeof import('./check.js').check>) =>
        (await import('./check.js')).check(...args),
      ),
    );
  showOptions(
    program
      .command('reload')
      .summary('have a running gateway read its configuration again')
      .description(
        'Have a running gateway read its configuration again. Prints what has changed; when the file is refused, says why, and the gateway goes on as before.',
      ),
  ).action(finish(async (options: ReloadOptions) => (await import('./reload.js')).reload(options)));
  backendOptions(
    program
      .command('drain')
      .summary('take a backend of a running gateway out of use')
      .description(
        'Take a backend of a running gateway out of use: it gets no new requests, finishes those that it has, and is left by event streams and WebSockets.',
      )
      .argument('<backend>', backendArgument)
      .option('--for <time>', timeOption),
  ).action(
    finish(async (name: string, options: BackendOptions) => (await import('./backends.js')).drain(name, options)),
  );
  backendOptions(
    program.command('undrain').summary('end what drain has begun').argument('<backend>', backendArgument),
  ).action(
    finish(async (name: string, options: BackendOptions) => (await import('./backends.js')).undrain(name, options)),
  );
  backendOptions(
    program
      .command('weight')
      .summary('give a backend of a running gateway another weight')
      .description(
        'Give a backend of a running gateway another weight than its file does. 0: no new requests; event streams and WebSockets stay.',
      )
      .argument('<backend>', backendArgument)
      .argument('<weight>', '0 to 1000, or reset: that of the file again')
      .option('--for <time>', timeOption),
  ).action(
    finish(async (name: string, value: string, options: BackendOptions) =>
      (await import('./backends.js')).weight(name, value, options),
    ),
  );
  backendOptions(
    program
      .command('breaker')
      .summary('hold the circuit of a backend of a running gateway open, or close it')
      .description(
        'Hold the circuit breaker of a backend of a running gateway open, so that it gets no new requests; close it; or reset it, which also forgets what has failed.',
      )
      .argument('<backend>', backendArgument)
      .argument('<what>', 'open, close or reset')
      .option('--for <time>', `with open: ${timeOption}`),
  ).action(
    finish(async (name: string, what: string, options: BackendOptions) =>
      (await import('./backends.js')).breaker(name, what, options),
    ),
  );
  showOptions(program.command('status').summary('show what goes on in a running gateway')).action(
    finish(async (options: ShowOptions) => (await import('./status.js')).status(options)),
  );
  showOptions(
    program.command('upstreams').summary('show the backends of a running gateway, and why some get no requests'),
  ).action(finish(async (options: ShowOptions) => (await import('./status.js')).upstreams(options)));
  adminOptions(
    program
      .command('health')
      .summary('ask a running gateway whether it is well: exit code 0 when it is')
      .description(
        'Ask a running gateway whether it is well, as the health check of a container: exit code 0 when it is. Needs no token, and reads no more of the file than the admin address.',
      )
      .argument('[what]', 'live, ready or startup', 'live'),
  ).action(finish(async (what: string, options: HealthOptions) => (await import('./health.js')).health(what, options)));
  showOptions(
    program
      .command('tail')
      .summary('print the requests of a running gateway as they end')
      .description('Print the requests of a running gateway as they end, until Ctrl-C. All filters must fit.')
      .option('--route <name>', 'only of this route, or of none; may be repeated', collect)
      .option('--upstream <name>', 'only those that went to this upstream')
      .option('--backend <id>', 'only those that went to this backend')
      .option('--status <statuses>', 'only with these: 404, 5xx or 400-499, with commas between them')
      .option('--slower-than <time>', 'only what took longer, such as 200ms')
      .option('--client <addresses>', 'only from this address or range, such as 10.0.0.0/8'),
  ).action(finish(async (options: TailOptions) => (await import('./tail.js')).tail(options)));
  extensionOption(program.command('print'))
    .summary('print the effective configuration: all defaults, secrets masked')
    .argument('<file>', 'YAML file')
    .action(
      finish(async (...args: Parameters<typeof import('./print.js').print>) =>
        (await import('./print.js')).print(...args),
      ),
    );
  extensionOption(program.command('routes'))
    .summary('print the route table in matching order')
    .argument('<file>', 'YAML file')
    .option('--json', 'write the table as JSON, for machines')
    .action(
      finish(async (...args: Parameters<typeof import('./routes.js').routes>) =>
        (await import('./routes.js')).routes(...args),
      ),
    );
  extensionOption(program.command('explain'))
    .summary('tell what the gateway would do with a request, and why')
    .description(
      'Tell what the gateway would do with a request, and why: route, policies, upstream, backends, fields. From the file alone: nothing listens, and no backend is asked.',
    )
    .usage('[options] [method] <url>')
    .argument('<words...>', 'method (default: GET), and a URL or a path')
    .option('-c, --config <file>', 'YAML file (default: $GATEWAY_CONFIG)')
    .option('-H, --header <line>', 'a header of the request, such as "x-beta: 1"; may be repeated', collect)
    .option('--ip <address>', 'where its connection comes from (default: 127.0.0.1)')
    .option('--listener <name>', 'the listener that takes it (default: the first that fits the URL)')
    .option('--json', 'write the explanation as JSON, for machines')
    .action(
      finish(async (words: string[], options: ExplainOptions) =>
        (await import('./explain.js')).explain(words, options),
      ),
    );
  extensionOption(program.command('schema'))
    .summary('print the JSON Schema of the configuration, for editors')
    .action(
      finish(async (...args: Parameters<typeof import('./schema.js').schema>) =>
        (await import('./schema.js')).schema(...args),
      ),
    );
  program
    .command('hash-password')
    .summary('print the scrypt hash of the password on standard input')
    .action(finish(async () => (await import('./hash-password.js')).hashPassword()));
  program
    .command('demo')
    .summary('run the gateway with three small backends of its own')
    .option('-p, --port <port>', 'port to listen on', parsePort)
    .action(finish(async ({ port }: { port?: number }) => (await import('./demo.js')).demo(port)));

  // Set after the commands are made, because later commands would inherit it. `refuseUnknownCommand` gives a better message for
  // excess arguments.
  program.allowExcessArguments();
  try {
    await program.parseAsync(argv);
    return done.code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage;
    return report(error);
  }
}

/** Refuses a word that is no command: commander passes it to the program, which takes no arguments. */
function refuseUnknownCommand(program: Command): void {
  const [word] = program.args;
  if (word === undefined) return;
  const known = program.commands.map(each => each.name());
  const suggestion = nearest(word, [...known, 'help']);
  const hint = suggestion === undefined ? '' : ` (did you mean ${JSON.stringify(suggestion)}?)`;
  program.error(`error: unknown command ${JSON.stringify(word)}${hint}`);
}

/** Each command is loaded only when it is used, because most commands need no part of the gateway. */
async function run(options: RunOptions): Promise<number> {
  return (await import('./run.js')).run(options);
}

function adminOptions(command: Command): Command {
  return command
    .option('-c, --config <file>', 'its YAML file, which names its admin address (default: $GATEWAY_CONFIG)')
    .option('-a, --admin <url>', 'its admin address, with the token in $GATEWAY_ADMIN_TOKEN, in place of the file');
}

const backendArgument = 'UPSTREAM/ID, or the id alone where only one upstream has it';
const timeOption = 'how long it is to last, such as 10m (default: until it is lifted, or the gateway ends)';

function backendOptions(command: Command): Command {
  return adminOptions(command).option('--json', 'write what has changed as JSON, for machines');
}

function showOptions(command: Command): Command {
  return adminOptions(command).option('--json', 'write it as JSON, for machines');
}

function extensionOption(command: Command): Command {
  return command.option(
    '--extension <file>',
    'JavaScript file that exports a Nest module, or classes with @Strategy, @Policy and the like; may be repeated',
    collect,
  );
}

function runOptions(command: Command): Command {
  return extensionOption(command)
    .option('-c, --config <file>', 'YAML file (default: $GATEWAY_CONFIG)')
    .option('-t, --to <url>', 'backend to proxy to, with every default; may be repeated', collect)
    .option('-p, --port <port>', 'port to listen on, with --to (default: 8080, with --tls 8443)', parsePort)
    .option('--admin-port <port>', 'port for operators, with --to (default: 9901; 0: any free one)', parsePort)
    .option('--tls', 'serve https with a certificate made for this run, with --to')
    .option('--take-over', 'listen beside the gateway that runs now, and then have it end: no connection is refused')
    .option('-s, --strategy <name>', 'load-balancing strategy, with --to (default: round-robin)');
}

function asksForDemo({ adminPort, config, extension, to, port, strategy, tls }: RunOptions): boolean {
  return (
    config === undefined &&
    process.env['GATEWAY_CONFIG'] === undefined &&
    to === undefined &&
    port === undefined &&
    extension === undefined &&
    adminPort === undefined &&
    strategy === undefined &&
    tls === undefined
  );
}

function collect(url: string, all: readonly string[] = []): string[] {
  return [...all, url];
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new InvalidArgumentError('It must be a number from 0 to 65535.');
  return port;
}
