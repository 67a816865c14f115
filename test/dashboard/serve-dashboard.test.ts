/** The dashboard as programs, browsers and strangers see it, without a browser: test/interop/dashboard has one. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { dashboardSettings } from '../../src/dashboard/dashboard-options.js';
import { Feed } from '../../src/dashboard/feed.js';
import {
  type Dashboard,
  DashboardExposedError,
  type DashboardOptions,
  serveDashboard,
} from '../../src/dashboard/index.js';
import {
  LineReceiver,
  type Reactor,
  TCPClientEndpoint,
  TCPServerEndpoint,
} from '../../src/index.js';
import { reportError } from '../../src/internal/error-report.js';
import { captureLoggedErrors } from '../../src/testing/logged-errors.js';
import { DEADLINE_MS } from '../support/deadline.js';
import { RawPeer } from '../support/raw-peer.js';
import { ONE_POLLER } from '../support/reactors.js';
import { portIn } from '../support/sockets.js';
import { WsClient } from '../support/ws-client.js';

const reactors: Reactor[] = [];

afterEach(async () => {
  for (const reactor of reactors.splice(0)) await reactor[Symbol.asyncDispose]();
});

// biome-ignore lint/suspicious/noExplicitAny: messages are read as pages read them.
type Message = any;

/** A page: the messages that it receives, by type. */
class Page {
  readonly client: WsClient;

  constructor(client: WsClient) {
    this.client = client;
  }

  async next(type: string, found: (message: Message) => boolean = () => true): Promise<Message> {
    for (;;) {
      const message: Message = JSON.parse(String(await this.client.next()));
      if (message.type === type && found(message)) return message;
    }
  }

  send(message: object): void {
    this.client.socket.send(JSON.stringify(message));
  }
}

describe.each(ONE_POLLER)('serveDashboard on $name', ({ make }) => {
  async function serve(options: DashboardOptions = {}): Promise<[Dashboard, Reactor, number]> {
    const reactor = make({ measureTurns: true });
    reactors.push(reactor);
    const endpoint = new TCPServerEndpoint(reactor, 0, { interface: '127.0.0.1' });
    const dashboard = await serveDashboard(reactor, endpoint, { intervalMs: 100, ...options });
    return [dashboard, reactor, portIn(dashboard.getHost())];
  }

  async function open(port: number, headers: object = {}): Promise<Page> {
    return new Page(await WsClient.connect(`ws://127.0.0.1:${port}/feed`, [], { headers }));
  }

  it('serves the page with its files, and nothing else', async () => {
    const [, , port] = await serve();
    const url = `http://127.0.0.1:${port}`;
    const page = await fetch(url);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; script-src 'self'; /,
    );
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    const html = await page.text();
    // Neither inline scripts nor styles, nor anything of another machine.
    expect(html).not.toMatch(/<script(?![^>]* src=)|<style|\son\w+=|\sstyle=|https?:\/\//);
    const files = [...html.matchAll(/(?:src|href)="([^#"]+)"/g)].map(([, file = '']) => file);
    expect(files).toContain('vendor/uPlot.min.css');
    for (const file of [...files, 'vendor/uPlot.esm.js']) {
      const answer = await fetch(`${url}/${file}`);
      expect([file, answer.status, answer.headers.get('etag')?.length]).toEqual([file, 200, 24]);
      await answer.arrayBuffer();
    }
    const etag = page.headers.get('etag') ?? '';
    expect((await fetch(url, { headers: { 'If-None-Match': etag } })).status).toBe(304);
    expect((await fetch(`${url}/index.ts`)).status).toBe(404);
    expect((await fetch(`${url}/..%2fpackage.json`)).status).toBe(404);
    expect((await fetch(url, { method: 'POST' })).status).toBe(405);
    expect((await fetch(`${url}/feed`)).status).toBe(426);
  });

  it.each([
    ['evil.example', '421'],
    ['localhost.evil.example:80', '421'],
    ['localhost:99', '200'],
    ['[::1]:99', '200'],
    ['own.example', '200'],
  ])('answers requests for %s with %s', async (host, status) => {
    const [, , port] = await serve({ hosts: ['Own.Example'] });
    await using peer = await RawPeer.connect(port);
    peer.write(`GET /status.json HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    await peer.until(() => peer.text.includes('\r\n\r\n'), 'the answer');
    expect(peer.text.slice(9, 12)).toBe(status);
  });

  it('refuses pages of other sites', async () => {
    const [, , port] = await serve();
    await expect(open(port, { Origin: 'http://evil.example' })).rejects.toThrow('403');
    await expect(open(port, { Origin: `http://localhost:${port}` })).rejects.toThrow('403');
    await using page = (await open(port, { Origin: `http://127.0.0.1:${port}` })).client;
    await page.next();
  });

  it('refuses an endpoint that other machines can reach, unless it is allowed', async () => {
    const reactor = make();
    reactors.push(reactor);
    const endpoint = new TCPServerEndpoint(reactor, 0, { interface: '0.0.0.0' });
    await expect(serveDashboard(reactor, endpoint)).rejects.toThrow(DashboardExposedError);
    const dashboard = await serveDashboard(reactor, endpoint, { allowRemote: true });
    expect(String(dashboard.getHost())).toMatch(/^0\.0\.0\.0:/);
    await dashboard.close();
  });

  it('sends samples of each interval', async () => {
    let messages = 0;
    const [, reactor, port] = await serve({ title: 'Test', meters: { messages: () => messages } });
    const page = await open(port);
    const hello = await page.next('hello');
    expect(hello).toMatchObject({
      title: 'Test',
      reactor: { kind: reactor.kind, poller: reactor.poller },
      meters: ['messages'],
      hasChat: false,
      hasLoadRuns: false,
      load: { state: 'idle' },
    });
    messages = 1_000;
    const { sample } = await page.next('sample', (message) => message.sample.meters[0] > 0);
    expect(sample.open).toBe(1);
    page.send({ type: 'watchConnections', on: false });
    await page.next('sample', (message) => message.sample.turns.some((count: number) => count > 0));
    const later = await (await open(port)).next('hello');
    expect(later.history.length).toBeGreaterThan(0);
  });

  it('with sampleUnwatched: false, takes samples only while a page is open', async () => {
    let messages = 0;
    const [dashboard, reactor, port] = await serve({
      meters: { messages: () => messages },
      sampleUnwatched: false,
    });
    expect(reactor.getDelayedCalls()).toEqual([]);
    for (let i = 0; i < 2; i += 1) {
      messages += 1_000;
      const page = await open(port);
      // The messages of the time without a page are not in its first sample.
      const { sample } = await page.next('sample');
      expect(sample.meters).toEqual([0]);
      messages += 1_000;
      await page.next('sample', (message) => message.sample.meters[0] > 0);
      await page.client[Symbol.asyncDispose]();
      await vi.waitFor(() => expect(dashboard.pages).toBe(0));
      await vi.waitFor(() => expect(reactor.getDelayedCalls()).toEqual([]));
    }
  });

  it('lists connections for pages that show them', async () => {
    const [, , port] = await serve();
    const page = await open(port);
    page.send({ type: 'watchConnections', on: true });
    const { total, rows } = await page.next('connections');
    expect(total).toBe(1);
    expect(rows).toMatchObject([
      { activity: 'dashboard: page', state: 'open', secure: false, unsentBytes: 0 },
    ]);
    expect(rows[0].host).toBe(`127.0.0.1:${port}`);
    page.send({ type: 'watchConnections', on: false });
  });

  it('lists no more connections than maxListedConnections', async () => {
    const [, , port] = await serve({ maxListedConnections: 1 });
    await open(port);
    const page = await open(port);
    page.send({ type: 'watchConnections', on: true });
    const { total, rows } = await page.next('connections');
    expect([total, rows.length]).toEqual([2, 1]);
  });

  it('logs events and reported errors', async () => {
    using logged = captureLoggedErrors();
    const [dashboard, , port] = await serve({
      meters: {
        broken: () => {
          throw new Error('no meter');
        },
      },
    });
    dashboard.log('ready');
    const page = await open(port);
    const hello = await page.next('hello');
    expect(hello.events.map(({ text }: { text: string }) => text)).toContain('ready');
    reportError(new Error('on purpose'), 'a test');
    const { events } = await page.next('events', ({ events }) =>
      events.at(-1).text.includes('purpose'),
    );
    expect(events.at(-1)).toMatchObject({ level: 'error', text: 'a test: on purpose', count: 1 });
    reportError(Object.create(null), 'another test');
    const strange = await page.next('events');
    expect(strange.events.at(-1).text).toMatch(/^another test: /);
    expect(() => dashboard.log('x', 'loud' as 'info')).toThrow('level');
    // A meter that throws is reported once.
    const errors = logged.flush().map(({ error }) => error);
    const messages = errors.flatMap((error) => (error instanceof Error ? [error.message] : []));
    expect(messages.sort()).toEqual(['no meter', 'on purpose']);
  });

  it('joins visitors to the chat', async () => {
    const reactor = make();
    reactors.push(reactor);
    class Room extends LineReceiver {
      override lineReceived(line: Buffer): void {
        this.sendLine(`you said ${line}`);
      }
    }
    const room = reactor.listenTCP(0, Room, { interface: '127.0.0.1' });
    const chat = new TCPClientEndpoint(reactor, '127.0.0.1', room.getHost().port);
    const [, , port] = await serve({ chat });
    const page = await open(port);
    expect((await page.next('hello')).hasChat).toBe(true);
    page.send({ type: 'joinChat', nickname: 'ann' });
    expect((await page.next('chat')).line).toBe('you said ann');
    page.send({ type: 'say', text: 'two\nlines\u0007' });
    expect((await page.next('chat')).line).toBe('you said two lines ');
    page.send({ type: 'leaveChat' });
    await page.next('chatEnded');
    page.send({ type: 'joinChat', nickname: 'again' });
    expect((await page.next('chat')).line).toBe('you said again');
    page.client.socket.terminate();
    await room.stopListening();
  });

  it('says when the chat cannot be reached', async () => {
    const reactor = make();
    reactors.push(reactor);
    const port = reactor.listenTCP(0, LineReceiver as never, { interface: '127.0.0.1' });
    const closed = port.getHost().port;
    await port.stopListening();
    const [, , dashboardPort] = await serve({
      chat: new TCPClientEndpoint(reactor, '127.0.0.1', closed),
    });
    const page = await open(dashboardPort);
    page.send({ type: 'joinChat', nickname: 'ann' });
    await page.next('chatEnded');
  });

  it.each([
    ['no JSON', '{'],
    ['no object', '5'],
    ['null', 'null'],
    ['another type', '{"type":"other"}'],
    ['a type without its fields', '{"type":"say"}'],
    ['too much', 'x'.repeat(9_000)],
  ])('closes a page that sends %s', async (_name, text) => {
    const [dashboard, , port] = await serve();
    const page = await open(port);
    await page.next('hello');
    page.client.socket.send(text);
    expect(await page.client.ended()).toMatch(/^1007|^1009/);
    await expect.poll(() => dashboard.pages, { timeout: DEADLINE_MS }).toBe(0);
  });

  it('starts no load that is not allowed', async () => {
    const [, , port] = await serve();
    const page = await open(port);
    page.send({ type: 'startLoad' });
    page.send({ type: 'watchConnections', on: true });
    const types: string[] = [];
    for (let message: Message = {}; message.type !== 'connections'; types.push(message.type)) {
      message = JSON.parse(String(await page.client.next()));
    }
    expect(types).not.toContain('load');
  });

  it('starts a load a second after the one before, at the earliest', async () => {
    const reactor = make();
    const clock = vi.spyOn(reactor, 'now').mockReturnValue(5_000);
    const feed = new Feed(reactor, dashboardSettings({ loadRuns: true }));
    feed.startLoad();
    feed.cancelLoad();
    const texts = (): string[] => feed.log.events.map(({ text }) => text);
    await expect.poll(texts, { timeout: DEADLINE_MS }).toHaveLength(2);
    const later = vi.spyOn(reactor, 'callLater');
    feed.startLoad();
    feed.startLoad();
    expect(later.mock.calls.map(([delayMs]) => delayMs)).toEqual([1_000]);
    feed.cancelLoad();
    expect(later.mock.results[0]?.value.active()).toBe(false);
    clock.mockReturnValue(5_999);
    feed.startLoad();
    expect(texts()).toHaveLength(2);
    await expect.poll(texts, { timeout: DEADLINE_MS }).toHaveLength(3);
    expect(texts()[2]).toBe('a comparison of the reactors has begun');
    feed.stop();
  });

  it('refuses more than 32 pages', async () => {
    const [dashboard, , port] = await serve();
    await Promise.all(Array.from({ length: 32 }, async () => (await open(port)).next('hello')));
    expect(dashboard.pages).toBe(32);
    await expect(open(port)).rejects.toThrow('503');
  });

  it('ends its pages when it is closed, and leaves no delayed call', async () => {
    const [dashboard, reactor, port] = await serve();
    const page = await open(port);
    await page.next('sample');
    await dashboard.close();
    expect(await page.client.ended()).toMatch(/^1001/);
    await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow();
    expect(reactor.totals()).toMatchObject({ connectionsOpen: 0, delayedCalls: 0 });
  });

  it('ends with the reactor', async () => {
    const [, reactor, port] = await serve();
    const running = reactor.run({ installSignalHandlers: false });
    const page = await open(port);
    await page.next('hello');
    reactor.stop();
    expect(await page.client.ended()).toMatch(/^1001/);
    await running;
  });

  it('ends with a reactor that is disposed of', async () => {
    using logged = captureLoggedErrors();
    const reactor = make();
    const feed = new Feed(reactor, dashboardSettings({}));
    await feed.start();
    await reactor[Symbol.asyncDispose]();
    reportError(new Error('later'), 'a test');
    expect(feed.log.events).toEqual([]);
    logged.flush(Error);
  });

  it('has a status for programs', async () => {
    const [, reactor, port] = await serve({ title: 'Test' });
    await (await open(port)).next('sample');
    const status = await (await fetch(`http://127.0.0.1:${port}/status.json`)).json();
    expect(status).toMatchObject({
      program: 'ropewalk dashboard',
      title: 'Test',
      reactor: { kind: reactor.kind },
      pid: process.pid,
      pages: 1,
      sample: { meters: [] },
    });
  });
});
