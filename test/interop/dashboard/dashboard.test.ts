/** The dashboard of `ropewalk demo` in headless Chromium. ROPEWALK_SCREENSHOTS names a folder for pictures of it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { KINDS } from '../../examples/programs.js';
import { Child } from '../../support/child.js';
import { PATIENCE } from '../../support/deadline.js';
import { RawPeer } from '../../support/raw-peer.js';
import { havePrograms } from '../peer-files.js';

const MAIN = new URL('../../../dist/cli/main.js', import.meta.url);
const AVAILABLE = havePrograms('chromium');
const TIMEOUT_MS = 15_000 * PATIENCE;
const { ROPEWALK_SCREENSHOTS: SCREENSHOTS } = process.env;

/** A demo with a dashboard. */
class Demo extends Child {
  url = '';
  echoPort = 0;
  chatPort = 0;

  static async start(args: readonly string[]): Promise<Demo> {
    const demo = new Demo(MAIN, ['demo', '--port', '0', ...args]);
    try {
      const [, echo, chat, url = ''] = await demo.printed(
        /echo on port (\d+), chat on port (\d+)\ndashboard: (\S+)\n/,
      );
      Object.assign(demo, { url, echoPort: Number(echo), chatPort: Number(chat) });
      return demo;
    } catch (error) {
      await demo[Symbol.asyncDispose]();
      throw error;
    }
  }
}

/** Programs of the page, as text: the tests have no types of a browser. */
const BACKGROUND = 'getComputedStyle(document.body).backgroundColor';
const UNNAMED = `
  [...document.querySelectorAll('button, input, select, progress, [role="img"], [role="group"]')]
    .filter((element) => !element.labels?.length && !element.ariaLabel &&
      !element.hasAttribute('aria-labelledby') && element.textContent.trim() === '')
    .map((element) => element.outerHTML)`;

let browser: Browser;
let demo: Demo;
let problems: string[] = [];

/** A page whose console messages, errors and foreign requests are collected. */
async function open(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(TIMEOUT_MS);
  page.on('console', (message) => problems.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
  page.on('request', (request) => {
    if (!request.url().startsWith(demo.url)) problems.push(`request: ${request.url()}`);
  });
  await page.goto(demo.url);
  await page.locator('#status[data-state="live"]').waitFor();
  await page.locator('#tiles .value').first().waitFor();
  return page;
}

async function picture(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS === undefined) return;
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
}

const textOf = (page: Page, selector: string): Promise<string> =>
  page.locator(selector).innerText();

/** The value of a tile. */
const tile = (page: Page, name: string): Promise<string> =>
  page
    .locator('#tiles .tile', { has: page.getByText(name, { exact: true }) })
    .locator('.value')
    .innerText();

describe.skipIf(!AVAILABLE)('the dashboard in Chromium', () => {
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: execFileSync('/bin/sh', ['-c', 'command -v chromium'], {
        encoding: 'utf8',
      }).trim(),
      args: ['--no-sandbox', '--disable-gpu'],
      timeout: TIMEOUT_MS,
    });
  }, 2 * TIMEOUT_MS);
  afterAll(() => browser?.close());
  beforeEach(() => {
    problems = [];
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    await demo?.[Symbol.asyncDispose]();
    expect(problems).toEqual([]);
  });

  it.each(KINDS)('shows live figures of a demo on the %s reactor', async (kind) => {
    demo = await Demo.start(['--reactor', kind]);
    const page = await open();
    expect(await page.title()).toBe('Ropewalk demo dashboard');
    expect(await textOf(page, '#facts')).toContain(
      kind === 'native' ? 'Native reactor' : 'Pure-JS',
    );
    const peers = await Promise.all([1, 2, 3].map(() => RawPeer.connect(demo.echoPort)));
    const timer = setInterval(() => peers[0]?.write('hello'), 20);
    await expect
      .poll(async () => Number(await tile(page, 'Messages in')), { timeout: TIMEOUT_MS })
      .toBeGreaterThan(0);
    clearInterval(timer);
    await page
      .getByRole('row', { name: /echo open/ })
      .nth(2)
      .waitFor();
    await page.locator('#connections-filter').fill('no such peer');
    await page.getByText('No connection matches the filter.').waitFor();
    await page.locator('#connections-filter').fill('echo');
    await expect.poll(() => page.locator('#connections tbody tr').count()).toBe(3);
    expect(Number(await tile(page, 'Connections'))).toBeGreaterThanOrEqual(4);
    expect(await page.locator('.chart canvas').count()).toBeGreaterThanOrEqual(6);
    for (const peer of peers) await peer[Symbol.asyncDispose]();
  });

  it('joins the chat room', async () => {
    demo = await Demo.start([]);
    await using ann = await RawPeer.connect(demo.chatPort);
    ann.write('ann\n');
    await ann.until(() => ann.text.includes('welcome, ann'), 'the welcome');
    const page = await open();
    await page.getByLabel('Nickname').fill('bob');
    await page.keyboard.press('Enter');
    await page.getByText('* welcome, bob').waitFor();
    await page.getByRole('textbox', { name: 'Message' }).fill('hi <b>ann</b>');
    await page.keyboard.press('Enter');
    await ann.until(() => ann.text.includes('<bob> hi <b>ann</b>\n'), 'the line');
    ann.write('<img src=x onerror=alert(1)>\n');
    await page.getByText('<ann> <img src=x onerror=alert(1)>').waitFor();
    expect(await page.locator('#chat-lines img, #chat-lines b').count()).toBe(0);
    await page.getByRole('button', { name: 'Leave' }).click();
    await page.getByLabel('Nickname').waitFor();
    await ann.until(() => ann.text.includes('* bob left'), 'the end');
  });

  it('can be used by keyboard alone', async () => {
    demo = await Demo.start([]);
    const page = await open();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the figures');
    const reached: string[] = [];
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press('Tab');
      const id = await page.evaluate<string>('document.activeElement.id');
      if (id !== '') reached.push(id);
      if (id === 'load-start') break;
    }
    expect(reached).toEqual(
      expect.arrayContaining(['pause', 'theme', 'connections-filter', 'chat-input', 'load-start']),
    );
    // Each chart has its values as a table, opened by keyboard.
    const summary = page.locator('.chart summary').first();
    await summary.focus();
    await page.keyboard.press('Enter');
    await page.locator('.chart details[open] tbody tr').first().waitFor();
    await page.locator('#pause').focus();
    await page.keyboard.press('Space');
    await page.locator('#pause[aria-pressed="true"]').waitFor();
    expect(await textOf(page, '#status-text')).toBe('Paused');
  });

  it('has names and landmarks for screen readers', async () => {
    demo = await Demo.start([]);
    const page = await open();
    await page.locator('.chart [role="img"]').first().waitFor();
    const unnamed = await page.evaluate(UNNAMED);
    expect(unnamed).toEqual([]);
    for (const role of ['banner', 'main', 'navigation', 'contentinfo'] as const) {
      expect([role, await page.getByRole(role).count()]).toEqual([role, 1]);
    }
    expect(await page.locator('h1').count()).toBe(1);
    expect(await page.locator('.chart [role="img"]').first().getAttribute('aria-label')).toMatch(
      /^Connections: Open now \d+, highest \d+$/,
    );
  });

  it(
    'compares the reactors, one run at a time, and can be cancelled',
    async () => {
      demo = await Demo.start([]);
      const [page, other] = [await open(), await open()];
      const status = page.locator('#load-status');
      await page.getByRole('button', { name: 'Run comparison' }).click();
      await other.getByText(/^Measuring the \S+ reactor/).waitFor();
      expect(await other.locator('#load-start').isDisabled()).toBe(true);
      await page.getByRole('button', { name: 'Cancel' }).click();
      await page.getByText('Cancelled.', { exact: true }).waitFor();
      await page.getByRole('button', { name: 'Run comparison' }).click();
      await expect.poll(() => status.innerText(), { timeout: 4 * TIMEOUT_MS }).toMatch(/^Done\./);
      const row = page.locator('#load-table tbody tr', { hasText: 'Messages per second' });
      const cells = await row.locator('td.number').allInnerTexts();
      expect(cells.length).toBe(2);
      if (KINDS.length === 2) for (const cell of cells) expect(cell).toMatch(/^\d/);
      await picture(page, 'comparison');
    },
    8 * TIMEOUT_MS,
  );

  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 390],
    ['dark', 390],
  ] as const)('fits the %s theme at %i px', async (colorScheme, width) => {
    demo = await Demo.start(['--load', '120']);
    const page = await open({ colorScheme, viewport: { width, height: 844 } });
    await page.locator('#connections tbody tr').nth(10).waitFor();
    const scrollWidth = await page.evaluate('document.documentElement.scrollWidth');
    const background = await page.evaluate<string>(BACKGROUND);
    expect(scrollWidth).toBe(width);
    const [red = 0] = (background.match(/\d+/g) ?? []).map(Number);
    expect(red > 128).toBe(colorScheme === 'light');
    await picture(page, `${colorScheme}-${width}`);
    // The choice of the visitor goes before that of the system, and is kept.
    await page.locator('#theme').selectOption(colorScheme === 'light' ? 'dark' : 'light');
    await page.reload();
    await page.locator('#tiles .value').first().waitFor();
    const chosen = await page.evaluate<string>(BACKGROUND);
    expect(chosen).not.toBe(background);
  });

  it('shows the loads of workers', async () => {
    demo = await Demo.start(['--workers', '2', '--load', '20']);
    const page = await open();
    await page.getByRole('row', { name: /^worker 1 / }).waitFor();
    await expect
      .poll(async () => Number(await tile(page, 'Connections')), { timeout: TIMEOUT_MS })
      .toBeGreaterThanOrEqual(20);
  });

  it('connects again when the program is back', async () => {
    demo = await Demo.start([]);
    const page = await open();
    const { url } = demo;
    demo.process.kill('SIGTERM');
    await demo.exited;
    await page.getByText('Connection lost, trying again').waitFor();
    demo = await Demo.start(['--dashboard-port', new URL(url).port]);
    await page.locator('#status[data-state="live"]').waitFor();
    // Chromium reports each refused connection.
    problems = problems.filter((problem) => !problem.includes('ERR_CONNECTION_REFUSED'));
  });
});
