import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readReport } from '#bench/load/h2load-report';
import type { Burst } from '#bench/load/load';

/** As many requests are under way as with HTTP/1.1, on fewer connections. */
const streams = 8;
const logFile = 'h2load.log';

const { port, work, connections, seconds } = JSON.parse(process.argv[2] ?? '{}') as Burst;
const { stdout, stderr, status } = spawnSync(
  'h2load',
  // prettier-ignore
  [
    '-t1', `-c${Math.ceil(connections / streams)}`, `-m${Math.min(streams, connections)}`, `-D${seconds}`,
    `--log-file=${logFile}`, `https://127.0.0.1:${port}${work.path}`,
  ],
  { encoding: 'utf8' },
);
if (status !== 0) throw new Error(`h2load ended (${status}):\n${stderr.slice(-1000)}`);
process.stdout.write(
  `RESULT ${JSON.stringify(readReport(stdout, readFileSync(logFile, 'latin1'), work.answerBytes))}\n`,
);
