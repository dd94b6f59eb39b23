import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { answer, startBackend } from './backend.js';
import { startChromium, watchedContext } from './chromium.js';
import { request } from './client.js';
import { startNginx } from './nginx.js';
import { findTool, requireTool } from './require-tool.js';
import { tempFolder } from './temp.js';

describe('nginx', () => {
  requireTool('nginx');

  it('serves a folder and a snippet, and logs', async () => {
    const root = await tempFolder();
    await writeFile(join(root, 'a.txt'), 'from a file');
    const nginx = await startNginx({ root, server: 'location = /hello { return 200 "from nginx"; }' });
    expect((await request(nginx.port, { path: '/a.txt' })).text).toBe('from a file');
    expect((await request(nginx.port, { path: '/hello' })).text).toBe('from nginx');
    await nginx.stop('SIGQUIT');
    expect(await nginx.accessLog()).toHaveLength(2);
  });

  it('says why it refuses a configuration', async () => {
    await expect(startNginx({ server: 'nonsense on;' })).rejects.toThrow(/unknown directive "nonsense"/);
  });
});

describe('chromium', () => {
  requireTool('chromium');

  it('loads a page and reports what goes wrong in it', async () => {
    const page = '<title>Hello</title><script>throw new Error("in the page")</script>';
    const backend = await startBackend(answer(200, page, ['content-type', 'text/html']));
    const { context, errors } = await watchedContext(await startChromium());
    const tab = await context.newPage();
    await tab.goto(`${backend.url}/`);
    expect(await tab.title()).toBe('Hello');
    expect(errors.join()).toContain('in the page');
  });
});

describe('a tool that is not there', () => {
  it('is not found', () => {
    expect(findTool('no-such-program-anywhere')).toBeUndefined();
  });
});
