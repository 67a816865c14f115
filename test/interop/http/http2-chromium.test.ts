/** Chromium over HTTP/2 with TLS: a page with many images, a WebSocket by extended CONNECT, an event stream and cancelled requests. */
import { execFileSync } from 'node:child_process';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EventStreams, type HTTPHandler } from '../../../src/http/index.js';
import { listenTLS } from '../../../src/tls/index.js';
import { WebSocketAcceptor, WebSocketProtocol } from '../../../src/websocket/index.js';
import { contract, portOf } from '../../support/contract.js';
import { latch, PATIENCE, within } from '../../support/deadline.js';
import { ONE_POLLER } from '../../support/reactors.js';
import { identity, serverContext } from '../../tls/secured.js';
import { HOST, havePrograms } from '../peer-files.js';
import { CountingFactory } from './rig.js';

const AVAILABLE = havePrograms('chromium');
const TIME_LIMIT_MS = 30_000 * PATIENCE;
const IMAGES = 30;
const LARGE = 3_000_000;
/** RFC 9113 section 7. */
const CANCEL = 8;

/** An image of a width of its own, with a comment that makes it larger than the first window of a stream. */
const image = (width: number): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="5"><!--${'x'.repeat(80_000)}--></svg>`;

const PAGE = `<!doctype html><title>page</title><link rel="icon" href="data:,">
${Array.from({ length: IMAGES }, (_, i) => `<img src="/image/${i + 1}" alt="">`).join('')}`;

/** Programs of the page, as text: the tests have no types of a browser. */
const WIDTHS = `[...document.images].map(({ complete, naturalWidth }) => complete && naturalWidth)`;
const PROTOCOLS = `[...new Set(performance.getEntriesByType('resource').concat(
  performance.getEntriesByType('navigation')).map((entry) => entry.nextHopProtocol).filter(Boolean))]`;

const SOCKET = `(async () => {
  const once = (target, event) => new Promise((resolve, reject) => {
    target.addEventListener(event, resolve, { once: true });
    target.addEventListener('error', () => reject(new Error('failed: ' + event)), { once: true });
  });
  const socket = new WebSocket('wss://' + location.host + '/socket');
  await once(socket, 'open');
  const answers = [];
  for (const text of ['hemp', 'flax'.repeat(100_000)]) {
    socket.send(text);
    answers.push((await once(socket, 'message')).data === text.toUpperCase());
  }
  socket.close(3000, 'farewell');
  const { code, wasClean } = await once(socket, 'close');
  return [answers, code, wasClean];
})()`;

const EVENTS = `new Promise((resolve) => {
  const source = new EventSource('/events');
  const seen = [];
  source.addEventListener('message', ({ data, lastEventId }) => {
    seen.push(data + ' ' + lastEventId);
    if (seen.length === 4) resolve((source.close(), seen));
  });
})`;

const TRANSFERS = `(async () => {
  const sent = 'x'.repeat(${LARGE});
  const echoed = await (await fetch('/echo', { method: 'POST', body: sent })).text();
  const control = new AbortController();
  const endless = fetch('/endless', { signal: control.signal }).catch((error) => error.name);
  await fetch('/begun');
  control.abort();
  return [echoed === sent, await endless];
})()`;

class Loud extends WebSocketProtocol {
  override messageReceived(message: string | Buffer): void {
    this.send(String(message).toUpperCase());
  }
}

let browser: Browser;

contract(
  'with Chromium, an HTTP/2 server',
  (rig) => {
    beforeAll(async () => {
      if (!AVAILABLE) return;
      const command = ['-c', 'command -v chromium'];
      browser = await chromium.launch({
        executablePath: execFileSync('/bin/sh', command, { encoding: 'utf8' }).trim(),
        args: ['--no-sandbox', '--disable-gpu'],
        timeout: TIME_LIMIT_MS,
      });
    }, 2 * TIME_LIMIT_MS);
    afterAll(() => browser?.close());

    it.skipIf(!AVAILABLE)(
      'sends pages and events, speaks WebSocket, and is cancelled, in one connection',
      async () => {
        const seen: string[] = [];
        const begun = latch();
        const aborted = latch<unknown>();
        const streams = new EventStreams(rig.reactor, { retryMs: 10 });
        const acceptor = new WebSocketAcceptor(rig.reactor, { maxMessageBytes: 1_000_000 });
        const routes: Record<string, HTTPHandler> = {
          '/': (_request, response) => {
            response.setField('Content-Type', 'text/html').send(PAGE);
          },
          '/socket': (request, response) => {
            // Of an extended CONNECT, which has no key.
            const { protocol } = request.head;
            seen.push(`socket ${protocol} key ${request.has('sec-websocket-key')}`);
            acceptor.accept(request, response, Loud);
          },
          '/events': (request, response) => {
            const stream = streams.open(request, response);
            const from = Number(stream.lastEventId ?? 0);
            seen.push(`events ${request.version} from ${from}`);
            for (const id of [from + 1, from + 2]) stream.send({ data: 'news', id: String(id) });
            // The browser asks again.
            stream.close();
          },
          '/echo': (request, response) => response.sendFrom(request),
          '/endless': (request) => {
            request.signal.addEventListener('abort', () => aborted.open(request.signal.reason));
            begun.open();
            return new Promise(() => {});
          },
          '/begun': async (_request, response) => {
            await begun.promise;
            response.send();
          },
        };
        const factory = new CountingFactory(
          rig,
          (request, response) => {
            const [, , width] = request.path.split('/');
            if (width === undefined) return routes[request.path]?.(request, response);
            response.setField('Content-Type', 'image/svg+xml').send(image(Number(width)));
          },
          { maxContentBytes: LARGE },
        );
        const context = serverContext({ identity });
        const port = portOf(listenTLS(rig.reactor, 0, factory, context, { interface: HOST }));
        await using page = await browser.newPage({ ignoreHTTPSErrors: true });
        await page.goto(`https://${HOST}:${port}/`, { timeout: TIME_LIMIT_MS });
        const widths = Array.from({ length: IMAGES }, (_, i) => i + 1);
        expect(await page.evaluate(WIDTHS)).toEqual(widths);
        expect(await page.evaluate(SOCKET)).toEqual([[true, true], 3000, true]);
        expect(await page.evaluate(EVENTS)).toEqual(['news 1', 'news 2', 'news 3', 'news 4']);
        expect(await page.evaluate(TRANSFERS)).toEqual([true, 'AbortError']);
        expect(await within(aborted.promise, 'the abort')).toMatchObject({ errorCode: CANCEL });
        expect(await page.evaluate(PROTOCOLS)).toEqual(['h2']);
        expect(seen).toEqual([
          'socket websocket key false',
          'events 2.0 from 0',
          'events 2.0 from 2',
        ]);
        expect(factory.connections).toBe(1);
      },
      3 * TIME_LIMIT_MS,
    );
  },
  ONE_POLLER,
);
