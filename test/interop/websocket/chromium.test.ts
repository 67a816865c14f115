/** Chromium as a client of WebSocket, server-sent events and files: a page that runs the scenario and posts its results. */
import { gzipSync } from 'node:zlib';
import { afterAll, expect, it } from 'vitest';
import { EventStreams, type HTTPHandler, staticFiles } from '../../../src/http/index.js';
import { WebSocketAcceptor } from '../../../src/websocket/index.js';
import { contract } from '../../support/contract.js';
import { latch, within } from '../../support/deadline.js';
import { PeerProgram } from '../../support/peers.js';
import { ONE_POLLER } from '../../support/reactors.js';
import { serve } from '../http/rig.js';
import { havePrograms, PeerFiles } from '../peer-files.js';
import { Commanded, LARGE, MAX_MESSAGE_BYTES } from './rig.js';

const AVAILABLE = havePrograms('chromium');
const TIME_LIMIT_MS = 60_000;

const files = new PeerFiles();
const profile = new PeerFiles();
afterAll(() => {
  files.remove();
  profile.remove();
});

files.write('large.bin', LARGE);
files.write('style.css', '#styled { width: 42px; }'.padEnd(3000));
files.write('style.css.gz', gzipSync('#styled { width: 42px; }'.padEnd(3000)));
files.write('silence.wav', wave(30));
files.write('page.html', page());

/** Silence of some seconds: a RIFF WAVE file, 8,000 bytes a second. */
function wave(seconds: number): Buffer {
  const samples = seconds * 8_000;
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + samples, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8_000, 24);
  head.writeUInt32LE(8_000, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write('data', 36);
  head.writeUInt32LE(samples, 40);
  return Buffer.concat([head, Buffer.alloc(samples, 128)]);
}

function page(): string {
  return `<!doctype html><title>scenario</title><link rel="stylesheet" href="/style.css"><div id="styled"></div>
<script type="module" src="/page.js"></script>`;
}

files.write(
  'page.js',
  `
const seen = {};
const once = (target, event) => new Promise((resolve) => target.addEventListener(event, resolve, { once: true }));
const open = async () => {
  const socket = new WebSocket('ws://' + location.host + '/socket', ['other', 'shout']);
  socket.binaryType = 'arraybuffer';
  await once(socket, 'open');
  return socket;
};

async function webSocket() {
  const socket = await open();
  seen.extensions = socket.extensions;
  seen.subprotocol = socket.protocol;
  const echo = async (message) => {
    socket.send(message);
    const { data } = await once(socket, 'message');
    return typeof data === 'string' ? data : [...new Uint8Array(data)];
  };
  seen.text = await echo('hemp \\u20ac \\u{1f9f5}');
  seen.empty = await echo('');
  seen.bytes = await echo(Uint8Array.from({ length: 256 }, (_, i) => i));
  const large = 'hemp, flax and jute\\n'.repeat(50000);
  seen.large = (await echo(large)) === large;
  seen.fragments = await echo('!fragments');
  seen.ping = await echo('!ping');
  socket.close(3000, 'farewell');
  const { code, reason, wasClean } = await once(socket, 'close');
  seen.close = [code, reason, wasClean];
  const second = await open();
  second.send('!close');
  const closed = await once(second, 'close');
  seen.closed = [closed.code, closed.reason, closed.wasClean];
}

async function events() {
  const source = new EventSource('/events');
  const named = await once(source, 'price');
  const first = [named.data, named.lastEventId];
  // The server closes the stream: the browser connects again.
  const { data, lastEventId } = await once(source, 'message');
  source.close();
  seen.events = [first, [data, lastEventId]];
}

async function loadedFiles() {
  const range = await fetch('/large.bin', { headers: { Range: 'bytes=5-9' } });
  seen.range = [range.status, range.headers.get('content-range'), await range.text()];
  const style = await fetch('/style.css', { cache: 'reload' });
  seen.style = [style.headers.get('content-encoding'), (await style.text()).length];
  seen.width = getComputedStyle(document.getElementById('styled')).width;
  const audio = new Audio('/silence.wav');
  audio.preload = 'auto';
  await once(audio, 'loadedmetadata');
  audio.currentTime = 25;
  await once(audio, 'seeked');
  seen.audio = [Math.round(audio.duration), audio.currentTime, audio.seekable.length];
  const pieces = await fetch('/pieces');
  seen.pieces = (await pieces.text()).length;
  const control = new AbortController();
  const endless = fetch('/endless', { signal: control.signal }).catch((error) => error.name);
  await fetch('/begun');
  control.abort();
  seen.aborted = await endless;
}

try {
  await Promise.all([webSocket(), events(), loadedFiles()]);
} catch (error) {
  seen.error = String(error);
}
await fetch('/results', { method: 'POST', body: JSON.stringify(seen) });
`,
);

contract(
  'with Chromium, a server',
  (rig) => {
    it.skipIf(!AVAILABLE)(
      'speaks WebSocket, sends events and files',
      async () => {
        const seen = latch<unknown>();
        const aborted = latch<unknown>();
        const streams = new EventStreams(rig.reactor, { retryMs: 10 });
        const begun = latch();
        const acceptor = new WebSocketAcceptor(rig.reactor, {
          ...{ subprotocols: ['shout'], deflate: {}, maxMessageBytes: MAX_MESSAGE_BYTES },
        });
        const ids: (string | undefined)[] = [];
        const ranges: string[] = [];
        const static_ = staticFiles(files.folder, { precompressed: ['gzip'] });
        const routes: Record<string, HTTPHandler> = {
          '/socket': (request, response) => void acceptor.accept(request, response, Commanded),
          '/events': (request, response) => {
            const stream = streams.open(request, response);
            ids.push(stream.lastEventId);
            if (ids.length > 1) return void stream.send('again\nand again');
            stream.send({ event: 'price', data: '42', id: 'first' });
            stream.close();
          },
          '/endless': (request) => {
            request.signal.addEventListener('abort', () => aborted.open(request.signal.reason));
            begun.open();
            return new Promise(() => {});
          },
          '/begun': async (_request, response) => {
            await begun.promise;
            response.send();
          },
          '/pieces': (_request, response) => response.sendFrom(['hemp, ', 'flax ', 'and jute']),
          '/results': async (request, response) => {
            seen.open(await request.json());
            response.send();
          },
        };
        const { origin } = serve(rig, {}, (request, response) => {
          if (request.path === '/silence.wav') ranges.push(request.field('range') ?? '');
          return (routes[request.path] ?? static_)(request, response);
        });
        await using _chromium = new PeerProgram('chromium', [
          ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
          ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
          ...['--mute-audio', `--user-data-dir=${profile.path(rig.maker.name)}`],
          `${origin}/page.html`,
        ]);
        expect(await within(seen.promise, 'the page', TIME_LIMIT_MS)).toEqual({
          extensions: expect.stringMatching(/^permessage-deflate/),
          subprotocol: 'shout',
          text: 'hemp € 🧵',
          empty: '',
          bytes: Array.from({ length: 256 }, (_, i) => i),
          large: true,
          fragments: 'one, two and three',
          ping: 'pong knock',
          close: [3000, '', true],
          closed: [4001, 'bye', true],
          events: [
            ['42', 'first'],
            ['again\nand again', 'first'],
          ],
          range: [206, `bytes 5-9/${LARGE.length}`, LARGE.slice(5, 10)],
          style: ['gzip', 3000],
          width: '42px',
          audio: [30, 25, 1],
          pieces: 19,
          aborted: 'AbortError',
        });
        expect(ids).toEqual([undefined, 'first']);
        expect(ranges.every((range) => /^bytes=\d+-/.test(range))).toBe(true);
        expect(await within(aborted.promise, 'the abort')).toBeInstanceOf(Error);
      },
      TIME_LIMIT_MS,
    );
  },
  ONE_POLLER,
);
