import type { Browser, BrowserContext, Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { BackendControl } from '../../src/index.js';
import { answer, refusedPort, startBackend, type TestBackend } from '../support/backend.js';
import { requireBuild } from '../support/build.js';
import { startChromium, watchedContext } from '../support/chromium.js';
import { closeLater } from '../support/cleanup.js';
import { request } from '../support/client.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { faintTexts, namelessControls, overflow } from '../support/page-checks.js';
import { eventually } from '../support/poll.js';
import { requireTool } from '../support/require-tool.js';

const token = 'hunter2-admin';

/** A gateway with three backends of `orders` and one of `shop`. Ports of 0 are chosen. */
function configuration(backends: readonly TestBackend[], port = 0, adminPort = 0): object {
  const [a, b, c, shop] = backends.map(({ url }) => url);
  return {
    listeners: [{ name: 'web', host: '127.0.0.1', port }],
    admin: { host: '127.0.0.1', port: adminPort, token },
    upstreams: {
      orders: {
        backends: [
          { id: 'orders-a', url: a },
          { id: 'orders-b', url: b },
          { id: 'orders-c', url: c },
        ],
        healthCheck: { path: '/', interval: '500ms', timeout: '500ms', healthyAfter: 1, unhealthyAfter: 2 },
        circuitBreaker: { openFor: '500ms' },
      },
      shop: { backends: [{ id: 'shop-a', url: shop }] },
    },
    routes: [
      { name: 'orders', match: { path: '/orders/*' }, upstream: 'orders' },
      { name: 'broken', match: { path: '/broken' }, respond: { status: 503, body: 'broken' } },
      { name: 'shop', match: { path: '/shop' }, upstream: 'shop' },
    ],
  };
}

describe('the dashboard in a browser, with traffic', { timeout: 60_000 }, () => {
  requireTool('chromium');
  let backends: TestBackend[];
  let gateway: InProcessGateway;
  let browser: Browser;
  let context: BrowserContext;
  let errors: string[];
  let tab: Page;
  const origins = new Set<string>();

  const row = (id: string) => tab.locator(`[data-backend="orders/${id}"]`);
  /** Waits until the row of a backend says this in one of its columns. */
  const says = (id: string, text: string | RegExp, column = 'State') =>
    row(id).locator(`[data-label="${column}"]`).filter({ hasText: text }).waitFor();
  const titled = (title: string) => tab.waitForFunction(`document.title === ${JSON.stringify(title)}`);
  const link = (state: string) => tab.locator(`[data-link="${state}"]`).waitFor();
  const button = (name: string | RegExp) => tab.getByRole('button', { name, exact: true });
  const inDialog = (name: string | RegExp) => tab.getByRole('dialog').getByRole('button', { name });
  /** Waits for so many statuses more. */
  const beats = (count: number) =>
    tab.waitForFunction(
      ([more]) => {
        const page = globalThis as unknown as {
          from?: number;
          document: { querySelector(of: string): { textContent: string } };
        };
        const shown = page.document.querySelector('footer').textContent;
        const now = Number(/\d+:\d+:(\d+)/.exec(shown)?.[1]);
        page.from ??= now;
        const isOver = (now - page.from + 60) % 60 >= more!;
        if (isOver) delete page.from;
        return isOver;
      },
      [count],
    );
  const control = () => gateway.gateway.app.get(BackendControl).of('orders', 'orders-c');

  beforeAll(async () => {
    requireBuild();
    // The second comes back on the port that it had.
    const ports = [0, await refusedPort(), 0, 0];
    backends = await Promise.all(ports.map(each => startBackend(answer(200, 'good'), { keepBody: 0, port: each })));
    gateway = await startInProcess(configuration(backends));
    const { adminPort, port } = gateway;
    let turn = 0;
    const load = setInterval(() => {
      const path = ['/orders/1', '/orders/2', '/shop', '/nowhere'][turn++ % 4]!;
      request(port, { path }).catch(() => {});
    }, 40);
    closeLater(() => clearInterval(load));
    browser = await startChromium();
    ({ context, errors } = await watchedContext(browser));
    context.on('request', sent => origins.add(new URL(sent.url()).origin));
    tab = await context.newPage();
    tab.setDefaultTimeout(15_000);
    await tab.setViewportSize({ width: 1600, height: 1000 });
    await tab.goto(`http://127.0.0.1:${adminPort}/`);
  });

  it('asks for the token, refuses a wrong one, and keeps the right one in this tab alone', async () => {
    const field = tab.getByRole('textbox', { name: 'Token' });
    await field.fill('wrong');
    await field.press('Enter');
    await tab.getByText('The gateway does not take this token.').waitFor();
    expect(await tab.locator('main').count()).toBe(0);
    await field.fill(token);
    await field.press('Enter');
    await link('live');
    await row('orders-a').waitFor();
    expect(await tab.getByRole('dialog').count()).toBe(0);
    expect(await tab.evaluate('[JSON.stringify(sessionStorage), JSON.stringify(localStorage)]')).toEqual([
      `{"gatehouse.token":"${token}"}`,
      '{}',
    ]);
    // Browsers write failed requests to the console.
    expect(errors.filter(text => !text.includes('401'))).toEqual([]);
    errors.length = 0;
    await tab.reload();
    await row('orders-a').waitFor();
  });

  it('shows traffic, backends, routes and errors as they are', async () => {
    await tab
      .locator('.figures')
      .getByText(/^\d+\.\d$/)
      .first()
      .waitFor();
    await tab.locator('#routes tbody tr', { hasText: '/orders/*' }).filter({ hasText: 'upstream orders' }).waitFor();
    await tab.locator('#upstreams .group', { hasText: 'orders' }).filter({ hasText: '3 of 3 up' }).waitFor();
    await tab.getByText(/^refusals \d/).click();
    await tab.locator('#errors li', { hasText: 'NO_ROUTE' }).first().waitFor();
    await says('orders-a', 'up');
    await says('orders-a', 'closed', 'Breaker');
    await says('orders-a', /^ok \d s ago$/, 'Probe');
    await says('orders-a', /^\d+\.\d$/, 'Req/s');
    expect(await tab.locator('canvas').count()).toBe(3);
    expect(await tab.locator('.plot').first().getAttribute('aria-label')).toMatch(/^Requests, a second: 5xx \d/);
    await titled('Gatehouse');
  });

  it('sees a backend die and come back', async () => {
    const [, dying] = backends;
    await dying!.close();
    await says('orders-b', /unhealthy|circuit open/);
    await tab.locator('#notices li', { hasText: 'orders/orders-b' }).waitFor();
    await tab.locator('#upstreams .group', { hasText: '2 of 3 up' }).waitFor();
    await titled('(1) Gatehouse');
    await dying!.listen();
    await says('orders-b', 'up');
    await tab.locator('#upstreams .group', { hasText: '3 of 3 up' }).waitFor();
  });

  it('drains a backend by the keyboard alone, and asks before', async () => {
    await button('Actions for orders/orders-c').focus();
    await tab.keyboard.press('Enter');
    await tab.getByRole('dialog', { name: 'orders/orders-c' }).waitFor();
    await tab.keyboard.press('Space');
    await tab.getByText('2 other backends of orders take its requests.').waitFor();
    await tab.keyboard.press('Escape');
    await tab.getByRole('dialog').waitFor({ state: 'detached' });
    expect(control()).toBeUndefined();
    expect(await tab.evaluate('document.activeElement.ariaLabel')).toBe('Actions for orders/orders-c');
    await tab.keyboard.press('Enter');
    await tab.getByRole('dialog').waitFor();
    await tab.keyboard.press('Space');
    await tab.getByRole('combobox', { name: 'For' }).waitFor();
    await tab.keyboard.press('Tab');
    await tab.keyboard.type('10m');
    await tab.keyboard.press('Enter');
    await tab.getByText(/orders\/orders-c is drained by hand, until \d/).waitFor();
    expect(control()).toHaveProperty('drained');
    expect(await tab.evaluate('document.activeElement.textContent')).toBe('Close');
    await tab.keyboard.press('Enter');
    await says('orders-c', /drain(ing|ed).*drained by hand, (10|9) min/);
    expect(await tab.evaluate('document.activeElement.ariaLabel')).toBe('Actions for orders/orders-c');
  });

  it('undrains it, and says what is refused', async () => {
    await button('Actions for orders/orders-c').click();
    await tab.getByText('Change the weight').click();
    await tab.getByRole('textbox', { name: 'Weight' }).fill('5000');
    await tab.getByRole('combobox', { name: 'For' }).fill('soon');
    await inDialog('Change the weight: orders-c').click();
    await tab.getByRole('dialog').getByText('"for" must be a duration').waitFor();
    await inDialog('Something else').click();
    await tab.getByText('End the drain').click();
    await inDialog('End the drain: orders-c').click();
    await tab.getByText('orders/orders-c is no longer drained by hand').waitFor();
    await inDialog('Close').click();
    await says('orders-c', 'up');
    // The refusal is an answer of 400, which browsers write to the console.
    expect(errors.filter(text => !text.includes('400'))).toEqual([]);
    errors.length = 0;
  });

  it('opens a breaker and resets it', async () => {
    await button('Actions for orders/orders-a').click();
    await tab.getByText('Hold the breaker open').click();
    await inDialog(/^Hold the breaker open: /).click();
    await tab.getByText('the circuit of orders/orders-a is held open by hand').waitFor();
    await inDialog('Close').click();
    await says('orders-a', /^circuit open.*held open by hand$/);
    await says('orders-a', /^open.*by hand$/, 'Breaker');
    await button('Actions for orders/orders-a').click();
    await tab.getByText('Reset the breaker').click();
    await inDialog(/^Reset the breaker: /).click();
    await tab.getByText('the circuit of orders/orders-a is no longer held open by hand').waitFor();
    await inDialog('Close').click();
    await says('orders-a', 'up');
    await says('orders-a', 'closed', 'Breaker');
  });

  it('tells that a gateway without a file has nothing to reload', async () => {
    await button('Reload…').click();
    await inDialog('Reload').click();
    await tab.getByText('The configuration came from no file').waitFor();
    await inDialog('Close').click();
    expect(errors.filter(text => !text.includes('501'))).toEqual([]);
    errors.length = 0;
  });

  it('follows the tail with filters, pauses it, shows a line whole, and explains it', async () => {
    const tail = tab.locator('#tail');
    const statuses = () => tail.locator('.tail-line .status').allTextContents();
    await tail.getByLabel('Status').fill('5xx');
    await tail.getByLabel('Status').press('Enter');
    await tail.getByText('running').waitFor();
    for (let count = 0; count < 3; count++) await request(gateway.port, { path: '/broken' });
    await eventually(async () => (await statuses()).length === 3);
    expect(await statuses()).toEqual(['503', '503', '503']);
    await tail.getByLabel('Status').fill('');
    await tail.getByLabel('Route').fill('orders,shop');
    await tail.getByRole('button', { name: 'Apply' }).click();
    await eventually(async () => (await statuses()).includes('200'));
    expect(await statuses()).not.toContain('503');
    await tail.getByRole('button', { name: 'Pause' }).click();
    const [before] = await tail.locator('.tail-line').allTextContents();
    await tail.getByText(/[1-9]\d* kept back/).waitFor();
    expect((await tail.locator('.tail-line').allTextContents())[0]).toBe(before);
    await tail.locator('.tail-line').first().click();
    await tab.getByRole('dialog').getByText('requestId').waitFor();
    await inDialog('Explain').click();
    await tab.waitForFunction("document.activeElement.closest('#explain') !== null");
    await tab.keyboard.press('Enter');
    await tab.locator('.explanation', { hasText: /→ forwarded to upstream (orders|shop)/ }).waitFor();
    await tail.getByRole('button', { name: 'Resume' }).click();
    await eventually(async () => (await tail.locator('.tail-line').allTextContents())[0] !== before);
    await tail.getByLabel('Route').fill('oders');
    await tail.getByRole('button', { name: 'Apply' }).click();
    await tail.getByText('no route is named "oders"; did you mean "orders"?').waitFor();
    expect(errors.filter(text => !text.includes('404'))).toEqual([]);
    errors.length = 0;
  });

  it('leaves focus, text and an open dialog alone while it is updated', async () => {
    const field = tab.locator('#tail').getByLabel('Client');
    await field.fill('10.');
    await beats(2);
    await tab.keyboard.type('0.0.0/8');
    expect(await field.inputValue()).toBe('10.0.0.0/8');
    await button('Actions for orders/orders-b').click();
    await tab.getByText('Drain', { exact: true }).click();
    await tab.getByRole('combobox', { name: 'For' }).fill('5');
    await beats(2);
    await tab.keyboard.type('m');
    expect(await tab.getByRole('combobox', { name: 'For' }).inputValue()).toBe('5m');
    await tab.keyboard.press('Escape');
  });

  it('has every action within reach of the Tab key', async () => {
    await tab.reload();
    await row('orders-a').waitFor();
    const reached: string[] = [];
    const name = `(each => each.ariaLabel ?? each.labels?.[0]?.textContent ?? each.textContent)(document.activeElement)`;
    while (reached.length < 100 && reached.at(-1) !== 'Reload…') {
      await tab.keyboard.press('Tab');
      reached.push(await tab.evaluate<string>(name));
    }
    expect(reached[0]).toBe('To the upstreams');
    const actions = ['orders/orders-a', 'orders/orders-b', 'orders/orders-c', 'shop/shop-a'].map(
      id => `Actions for ${id}`,
    );
    expect(reached).toEqual(expect.arrayContaining([...actions, 'Reload…', 'Start', 'auto', '5 min']));
    expect(await tab.evaluate(namelessControls)).toEqual([]);
  });

  it('is readable in both themes, and remembers the one that was chosen', async () => {
    const ground = () => tab.evaluate('getComputedStyle(document.body).backgroundColor');
    await tab.emulateMedia({ colorScheme: 'light' });
    const light = await ground();
    expect(await tab.evaluate(faintTexts)).toEqual([]);
    await tab.emulateMedia({ colorScheme: 'dark' });
    expect(await ground()).not.toBe(light);
    expect(await tab.evaluate(faintTexts)).toEqual([]);
    await tab.getByText('light', { exact: true }).click();
    expect(await ground()).toBe(light);
    await tab.reload();
    await row('orders-a').waitFor();
    expect(await ground()).toBe(light);
  });

  it.each([400, 700, 1000, 1600])('is no wider than a window of %i pixels', async width => {
    await tab.setViewportSize({ width, height: 900 });
    expect(await tab.evaluate(overflow)).toBe(0);
    await button('Actions for orders/orders-a').click();
    expect(await tab.evaluate(overflow)).toBe(0);
    await tab.keyboard.press('Escape');
  });

  it('shows at once that the gateway has gone, and is live again when it is back', async () => {
    expect(errors).toEqual([]);
    const { adminPort, port } = gateway;
    await gateway.stop();
    await link('lost');
    await tab.getByRole('alert').filter({ hasText: 'Connection lost' }).waitFor();
    await titled('✕ Gatehouse');
    expect(await row('orders-a').count()).toBe(1);
    gateway = await startInProcess(configuration(backends, port, adminPort));
    await link('live');
    expect(await tab.getByRole('alert').count()).toBe(0);
    await says('orders-a', 'up');
    expect(errors.filter(text => !text.includes('net::ERR_'))).toEqual([]);
  });

  it('has asked nothing of another server', () => {
    expect([...origins]).toEqual([new URL(tab.url()).origin]);
  });
});
