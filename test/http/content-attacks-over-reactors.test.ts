/**
 * Hostile and half-broken clients of static files, compression, forms and server-sent events, in clear and over TLS: limits hold, memory
 * is bounded, and nothing stays open.
 */
import { randomBytes } from 'node:crypto';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  decodeBody,
  EventStreams,
  HTTPStatusError,
  partsOf,
  staticFiles,
} from '../../src/http/index.js';
import { ConnectionClosed } from '../../src/index.js';
import { contract, type Rig } from '../support/contract.js';
import { latch, within } from '../support/deadline.js';
import type { RawPeer } from '../support/raw-peer.js';
import { ONE_POLLER } from '../support/reactors.js';
import { get, until } from './served.js';
import { TRANSPORTS, untilEmpty } from './service.js';
import { StaticFolder } from './static-folder.js';

const FILE_BYTES = 8_000_000;
const CHUNK_BYTES = 65_536;
/** More than one high-water mark, a piece of a file and the buffers of TLS. */
const MAX_UNSENT_BYTES = 512 * 1024;
/** The native transport takes files in portions of 1 MiB, which the kernel reads when it sends them; and a head. */
const MAX_UNSENT_OF_FILE = 1_048_576 + 1_024;

const folder = new StaticFolder();

beforeAll(() => {
  folder.write('large.bin', Buffer.alloc(FILE_BYTES, 'abcdefg'));
  folder.write('small.txt', 'x'.repeat(5_000));
});
afterAll(() => folder.remove());

/** Settles when a count does not change for some turns. */
async function settled(rig: Rig, count: () => number): Promise<void> {
  for (let before = -1, turn = 0; before !== count() || before === 0; turn++) {
    if (turn === 500) throw new Error(`it is ${count()}`);
    before = count();
    await rig.turns(20);
  }
}

/** Files are closed by threads of libuv. */
async function untilClosed(rig: Rig): Promise<void> {
  for (let turn = 0; folder.openFiles().length > 0; turn++) {
    if (turn === 2_000) throw new Error(`${folder.openFiles()} is open`);
    await rig.turns(1);
  }
}

function unsentBytes(rig: Rig): number {
  return Math.max(...rig.reactor.connections(10).map((report) => report.unsentBytes));
}

async function status(peer: RawPeer, request: string | Buffer): Promise<string> {
  peer.write(request);
  await peer.until(() => peer.text.includes('\r\n\r\n'), 'an answer');
  return peer.text.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length);
}

function upload(type: string, content: Buffer, ...fields: string[]): Buffer {
  const lines = [`Content-Type: ${type}`, `Content-Length: ${content.length}`, ...fields];
  const head = `POST / HTTP/1.1\r\nHost: a\r\n${lines.join('\r\n')}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), content]);
}

const BOMB = Buffer.alloc(20_000_000);
const BOMBS: readonly (readonly [string, Buffer])[] = [
  ['gzip', gzipSync(BOMB)],
  ['deflate', deflateSync(BOMB)],
  ['br', brotliCompressSync(BOMB)],
];

function multipart(parts: number, name: string): Buffer {
  const part = `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\nx\r\n`;
  return Buffer.from(`${part.repeat(parts)}--b--\r\n`);
}

contract(
  'an HTTP server with content',
  (rig) => {
    describe.each(TRANSPORTS)('%s', (_name, serve) => {
      it('closes files whose clients reset the connection in the middle', async () => {
        const service = serve(rig, staticFiles(folder.root));
        for (let i = 0; i < 10; i++) {
          const peer = await service.connect();
          peer.write(get('/large.bin'));
          await peer.receive(20_000 * (i + 1));
          peer.reset();
        }
        await untilEmpty(rig, service);
        await untilClosed(rig);
      });

      it('reads no more of a file than a client takes, and closes it when the server ends', async () => {
        const service = serve(rig, staticFiles(folder.root));
        const peer = await service.connect();
        peer.socket.pause();
        peer.write(get('/large.bin').repeat(50));
        await until(() => unsentBytes(rig) > 0, 'backpressure');
        await settled(rig, () => unsentBytes(rig));
        expect(unsentBytes(rig)).toBeLessThan(MAX_UNSENT_OF_FILE);
        // That of the answer, and the copy of the transport that sends it.
        expect(folder.openFiles().length).toBeLessThanOrEqual(2);
        await within(service.factory.drain({ deadlineMs: 10 }), 'the end');
        await untilClosed(rig);
        peer.reset();
      });

      it('sends no more than the file in answer to any number of ranges', async () => {
        const service = serve(rig, staticFiles(folder.root));
        const floods = [
          Array.from({ length: 1_000 }, () => '0-').join(','),
          Array.from({ length: 1_000 }, (_, i) => `${i}-${i}`).join(','),
          `${','.repeat(5_000)}0-1`,
          Array.from({ length: 16 }, () => '0-4999').join(','),
        ];
        for (const ranges of floods) {
          const peer = await service.connect();
          const request = get('/small.txt', `Range: bytes=${ranges}`, 'Connection: close');
          expect(['200', '206', '416']).toContain(await status(peer, request));
          await peer.untilEnded();
          expect(peer.receivedBytes).toBeLessThan(7_500);
          peer.end();
        }
        await untilEmpty(rig, service);
      });

      it('compresses no more than a client takes, and stops if it resets', async () => {
        let taken = 0;
        const left = latch();
        async function* endless(): AsyncGenerator<Buffer> {
          try {
            for (;;) {
              taken += CHUNK_BYTES;
              // It cannot be compressed, so that buffers are full soon.
              yield randomBytes(CHUNK_BYTES);
            }
          } finally {
            left.open();
          }
        }
        const service = serve(
          rig,
          (_request, response) => {
            response.setField('Content-Type', 'text/plain');
            return response.sendFrom(endless());
          },
          { compression: {} },
        );
        const peer = await service.connect();
        peer.socket.pause();
        peer.write(get('/', 'Accept-Encoding: gzip'));
        await until(() => unsentBytes(rig) > 0, 'backpressure');
        await settled(rig, () => taken);
        expect(unsentBytes(rig)).toBeLessThan(MAX_UNSENT_BYTES);
        peer.reset();
        await within(left.promise, 'the source to be left');
        await untilEmpty(rig, service);
      });

      it.each(BOMBS)('refuses a bomb of %s at its limit', async (coding, bomb) => {
        let decoded = 0;
        const service = serve(rig, async (request, response) => {
          const content = decodeBody(request, request.field('content-encoding'), {
            maxBytes: 100_000,
          });
          for await (const piece of content) decoded += piece.length;
          response.send();
        });
        const peer = await service.connect();
        const text = upload('text/plain', bomb, `Content-Encoding: ${coding}`);
        expect(await status(peer, text)).toBe('413');
        expect(decoded).toBeLessThanOrEqual(100_000);
        peer.end();
        await untilEmpty(rig, service);
      });

      it('refuses thousands of parts and fields at their limits', async () => {
        let parts = 0;
        const service = serve(
          rig,
          async (request, response) => {
            if (request.field('content-type')?.startsWith('multipart/') === true) {
              for await (const part of partsOf(request)) {
                parts += 1;
                await part.text();
              }
            } else await request.form();
            response.send();
          },
          { maxContentBytes: 10_000_000 },
        );
        const multi = 'multipart/form-data; boundary=b';
        const urlencoded = 'application/x-www-form-urlencoded';
        const cases: [string, Buffer, string][] = [
          [multi, multipart(5_000, 'a'), '413'],
          [multi, multipart(1, 'a'.repeat(100_000)), '413'],
          [multi, Buffer.from('--b\r\n'.repeat(100_000)), '413'],
          [multi, Buffer.alloc(1_000_000, '-'), '400'],
          [urlencoded, Buffer.from('a=b&'.repeat(100_000)), '413'],
          [urlencoded, Buffer.alloc(1_000_000, '%41'), '413'],
        ];
        for (const [type, content, expected] of cases) {
          const peer = await service.connect();
          expect(await status(peer, upload(type, content)), String(content.subarray(0, 20))).toBe(
            expected,
          );
          peer.end();
        }
        expect(parts).toBe(1_000);
        await untilEmpty(rig, service);
      });

      it('ends the reading of a form whose client goes in the middle of a part', async () => {
        const reading = latch();
        const failed = latch<unknown>();
        const service = serve(rig, async (request) => {
          try {
            for await (const part of partsOf(request)) {
              for await (const _piece of part) reading.open();
            }
          } catch (error) {
            failed.open(error);
            throw new HTTPStatusError(400);
          }
        });
        for (const leave of ['reset', 'end'] as const) {
          const peer = await service.connect();
          const content = multipart(3, 'a').subarray(0, -40);
          const whole = upload('multipart/form-data; boundary=b', multipart(3, 'a'));
          peer.write(whole.subarray(0, whole.length - multipart(3, 'a').length + content.length));
          await reading.promise;
          peer[leave]();
          await untilEmpty(rig, service);
        }
        expect(await failed.promise).toBeInstanceOf(ConnectionClosed);
      });

      it('disconnects a client of events that does not read; the others receive all', async () => {
        const streams = new EventStreams(rig.reactor, { maxUnsentBytes: 100_000 });
        const service = serve(rig, (request, response) => void streams.open(request, response));
        const peers = await Promise.all([service.connect(), service.connect(), service.connect()]);
        for (const peer of peers) {
          peer.write(get('/'));
          await peer.until(() => peer.text.includes('\r\n\r\n'), 'the head');
        }
        const [slow, reset, good] = peers as [RawPeer, RawPeer, RawPeer];
        slow.socket.pause();
        reset.reset();
        let published = 0;
        for (let turn = 0; streams.size > 1; turn++) {
          if (turn === 5_000) throw new Error('the slow client is still connected');
          published += 1;
          streams.publish({ id: String(published), data: 'x'.repeat(50_000) });
          await good.until(() => good.text.endsWith('\n\n\r\n'), 'an event');
          expect(unsentBytes(rig)).toBeLessThan(MAX_UNSENT_BYTES);
          await rig.turns(1);
          good.chunks.splice(0);
        }
        expect(published).toBeGreaterThan(2);
        good.reset();
        slow.reset();
        await untilEmpty(rig, service);
        expect(streams.size).toBe(0);
      });
    });
  },
  ONE_POLLER,
);
