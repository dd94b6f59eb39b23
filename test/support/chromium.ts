import { type Browser, type BrowserContext, chromium } from 'playwright-core';
import { closeLater } from './cleanup.js';
import { requireTool } from './require-tool.js';

const args = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Starts the system's Chromium, headless, with a profile of its own that goes when it closes. Closed when the test (or, in
 * `beforeAll`, the file) has finished. Skips the test or suite when it is not installed (see `requireTool`).
 */
export async function startChromium(): Promise<Browser> {
  const executablePath = requireTool('chromium');
  const browser = await chromium.launch({ executablePath, args, headless: true });
  closeLater(() => browser.close());
  return browser;
}

/** A fresh browser context (cookies, cache) that records what went wrong in its pages: uncaught errors and console errors. */
export async function watchedContext(browser: Browser): Promise<{ context: BrowserContext; errors: string[] }> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const errors: string[] = [];
  context.on('weberror', error => errors.push(String(error.error())));
  context.on('console', message => {
    if (message.type() === 'error') errors.push(message.text());
  });
  closeLater(() => context.close());
  return { context, errors };
}
