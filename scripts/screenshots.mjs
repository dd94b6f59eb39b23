/**
 * `npm run screenshots`: the dashboard of a gateway with traffic and failures, into docs/images/. Needs Chromium, and about two minutes.
 * `--seconds N`: how long there is traffic before (100). `--out FOLDER`: another folder.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { generate } from 'selfsigned';
import { ensureBuild } from './ensure-build.mjs';
import { toPalette } from './screenshots/palette.mjs';
import { startBackend } from './screenshots/backends.mjs';
import { configuration, ports } from './screenshots/configuration.mjs';
import { startTraffic } from './screenshots/traffic.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '100' },
    out: { type: 'string', default: join(root, 'docs', 'images') },
  },
});
const port = 28_080;
const tlsPort = 28_443;
const admin = 29_901;
const page = `http://127.0.0.1:${admin}/`;

const closing = [];
try {
  await ensureBuild();
  mkdirSync(options.out, { recursive: true });
  const backends = await startBackends();
  await startGateway();
  closing.push(startTraffic(port, 90));
  await happen(Number(options.seconds), backends);
  await shoot();
} finally {
  for (const close of closing.toReversed()) await close();
}

async function startGateway() {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-screenshots-'));
  closing.push(() => rmSync(folder, { recursive: true }));
  const [file, key, cert] = ['gateway.yaml', 'key.pem', 'shop.pem'].map(name => join(folder, name));
  const pair = await generate([{ name: 'commonName', value: 'shop.example' }], {
    notAfterDate: new Date(Date.now() + 12.5 * 86_400_000),
    extensions: [
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'shop.example' },
          { type: 2, value: 'www.shop.example' },
        ],
      },
    ],
  });
  writeFileSync(key, pair.private);
  writeFileSync(cert, pair.cert);
  writeFileSync(file, configuration({ admin, port, tlsPort, key, cert }));
  const gateway = spawn(process.execPath, [join(root, 'dist', 'main.js'), 'run', '--config', file], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  closing.push(() => gateway.kill());
  const isReady = () =>
    fetch(`${page}health/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  for (let tries = 0; !(await isReady()); tries++) {
    if (tries > 100 || gateway.exitCode !== null) throw new Error('the gateway does not start');
    await wait(100);
  }
}

/** The backends by their ports; the last one of `stock` does not run. */
async function startBackends() {
  const settings = { 3103: { times: [30, 260] }, 3402: undefined, 3202: { times: [8, 60] } };
  const backends = new Map();
  for (const each of Object.values(ports).flat()) {
    if (each in settings && settings[each] === undefined) continue;
    const backend = await startBackend(each, settings[each]);
    backends.set(each, backend);
    closing.push(() => backend.close());
  }
  return backends;
}

/** What goes right and wrong in those seconds. */
async function happen(seconds, backends) {
  const post = path => fetch(page + path, { method: 'POST' });
  const path = (upstream, number) => `upstreams/${upstream}/backends/${encodeURIComponent(`127.0.0.1:${number}`)}`;
  await wait(seconds * 300);
  backends.get(3102).behaviour.failing = 0.3;
  await wait(seconds * 300);
  backends.get(3102).behaviour.failing = 0.02;
  await post('reload');
  await wait(seconds * 250);
  await post(`${path('catalogue', 3201)}/drain?for=10m`);
  await post(`${path('search', 3302)}/weight?weight=3&for=30m`);
  await wait(Math.max(0, seconds * 150 - 6_000));
  backends.get(3102).behaviour.failing = 0.95;
  await wait(6_000);
}

async function shoot() {
  const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-lcd-text'],
  });
  closing.push(() => browser.close());
  // Made small when all are taken: that keeps this process from sending traffic.
  const taken = [];
  for (const width of [1600, 400]) {
    const context = await browser.newContext({ viewport: { width, height: 1000 } });
    const tab = await context.newPage();
    await tab.goto(page);
    await tab.getByRole('button', { name: 'Start' }).click();
    await wait(4_000);
    for (const colorScheme of ['light', 'dark']) {
      await tab.emulateMedia({ colorScheme });
      await wait(1_200);
      const file = join(options.out, `dashboard-${colorScheme}-${width}.png`);
      await tab.evaluate('scrollTo(0, 0)');
      // The rest says less in a picture.
      const height =
        width === 400
          ? 2_400
          : await tab.evaluate("document.querySelector('#tail').getBoundingClientRect().bottom + 4");
      const clip = { x: 0, y: 0, width, height: Math.ceil(height) };
      taken.push([file, await tab.screenshot({ clip, fullPage: true })]);
    }
    await context.close();
  }
  for (const [file, picture] of taken) {
    writeFileSync(file, toPalette(picture));
    process.stdout.write(`${file}: ${Math.round(statSync(file).size / 1024)} KiB\n`);
  }
}
