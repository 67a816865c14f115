/** Files of a folder over connections of the HTTP server. */
import { createHash, randomBytes } from 'node:crypto';
import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import {
  FileTruncatedError,
  type StaticFilesOptions,
  serveHttp,
  staticFiles,
} from '../../src/http/index.js';
import { type Reactor, TCPServerEndpoint } from '../../src/index.js';
import { captureLoggedErrors } from '../../src/testing/logged-errors.js';
import { RawPeer } from '../support/raw-peer.js';
import { REACTORS } from '../support/reactors.js';
import { portIn } from '../support/sockets.js';
import { get, Served } from './served.js';
import { StaticFolder } from './static-folder.js';

const folder = new StaticFolder();
const large = randomBytes(3_000_000);
folder.write('index.html', '<p>root</p>');
folder.write('digits.txt', '0123456789');
folder.write('large.bin', large);
afterAll(() => folder.remove());

/** Of the last answer: its blank line, and the last byte of the large file. */
const END: Buffer = Buffer.concat([Buffer.from('\r\n\r\n'), large.subarray(-1)]);

const reactors: Reactor[] = [];

afterEach(async () => {
  for (const reactor of reactors.splice(0)) await reactor[Symbol.asyncDispose]();
  expect(folder.openFiles()).toEqual([]);
});

function sha(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe.each(REACTORS)('files served on $name', ({ make }) => {
  async function serve(options: StaticFilesOptions = {}): Promise<number> {
    const reactor = make();
    reactors.push(reactor);
    const endpoint = new TCPServerEndpoint(reactor, 0, { interface: '127.0.0.1' });
    return portIn(
      (await serveHttp(reactor, endpoint, staticFiles(folder.root, options))).getHost(),
    );
  }

  it('arrive as they are, small and large', async () => {
    const url = `http://127.0.0.1:${await serve()}`;
    const root = await fetch(url);
    expect(root.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await root.text()).toBe('<p>root</p>');
    const bytes = new Uint8Array(await (await fetch(`${url}/large.bin`)).arrayBuffer());
    expect(sha(bytes)).toBe(sha(large));
  });

  it('are answered in order when requests are pipelined', async () => {
    await using peer = await RawPeer.connect(await serve());
    const part = 'Range: bytes=2-4';
    peer.write(get('/digits.txt') + get('/none') + get('/digits.txt', part) + get('/index.html'));
    await peer.until(() => peer.text.endsWith('<p>root</p>'), 'the last answer');
    const statuses = [...peer.text.matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status]) => status);
    expect(statuses).toEqual(['200', '404', '206', '200']);
    expect(peer.text).toContain('\r\n\r\n234HTTP');
  });

  it.each([
    ['in the thread of the reactor', 'blocking'],
    ['in other threads', 'threads'],
  ] as const)(
    'are sent in large parts between other answers, read %s',
    async (_name, fileCalls) => {
      await using peer = await RawPeer.connect(await serve({ fileCalls }));
      const head = get('/large.bin').replace('GET', 'HEAD');
      const range = (value: string): string => get('/large.bin', `Range: bytes=${value}`);
      peer.write(range('1000-2900999') + head + range('0-9,20-2000019') + range('-1'));
      await peer.until(() => peer.receivedBytes > 4_900_010, 'four answers');
      await peer.until(() => peer.received.subarray(-5).equals(END), 'the last byte');
      const { received } = peer;
      const first = received.indexOf('\r\n\r\n') + 4;
      expect(sha(received.subarray(first, first + 2_900_000))).toBe(
        sha(large.subarray(1_000, 2_901_000)),
      );
      const statuses = received.toString('latin1').match(/HTTP\/1.1 \d+ /g);
      expect(statuses).toEqual([
        'HTTP/1.1 206 ',
        'HTTP/1.1 200 ',
        'HTTP/1.1 206 ',
        'HTTP/1.1 206 ',
      ]);
      expect(received.includes(large.subarray(20, 2_000_020))).toBe(true);
    },
  );

  it('need few descriptors, however many short ranges are requested at once', async () => {
    let most = 0;
    const mediaTypes = (): string => {
      most = Math.max(most, folder.openFiles().length);
      return 'text/plain';
    };
    await using peer = await RawPeer.connect(await serve({ mediaTypes }));
    peer.write(get('/large.bin', 'Range: bytes=0-0').repeat(200));
    const answers = (): number => peer.text.split('HTTP/1.1 206 ').length - 1;
    await peer.until(() => answers() === 200, '200 answers');
    expect(most).toBeLessThan(4);
  });

  it('reset the connection if they become shorter, and that is reported', async () => {
    using logged = captureLoggedErrors();
    folder.write('shrunk.bin', Buffer.alloc(3_000_000));
    const mediaTypes = (): string => {
      truncateSync(join(folder.root, 'shrunk.bin'), 2_000_000);
      return 'text/plain';
    };
    const port = await serve({ mediaTypes });
    await using peer = await RawPeer.connect(port);
    peer.write(get('/shrunk.bin') + get('/digits.txt'));
    // libuv takes a reset behind bytes for the end.
    await peer.untilGone();
    expect(peer.text).not.toContain('0123456789');
    // By then the server knows too.
    await using other = await RawPeer.connect(port);
    other.write(get('/digits.txt'));
    await other.until(() => other.text.endsWith('0123456789'), 'an answer');
    expect(logged.flush(Error)).toHaveLength(1);
  });

  it('have a length in the answer to HEAD, and no content', async () => {
    await using peer = await RawPeer.connect(await serve());
    peer.write(get('/digits.txt').replace('GET', 'HEAD') + get('/digits.txt', 'Range: bytes=9-'));
    await peer.until(() => peer.text.endsWith('9'), 'the second answer');
    expect(peer.text).toMatch(
      /^HTTP\/1.1 200 OK\r\n(?:.*\r\n)+Content-Length: 10\r\n(?:.+\r\n)+\r\nHTTP/,
    );
  });

  it('are known to a client that has them', async () => {
    const url = `http://127.0.0.1:${await serve()}/digits.txt`;
    const tag = (await fetch(url)).headers.get('etag') ?? '';
    const second = await fetch(url, { headers: { 'If-None-Match': tag } });
    expect([second.status, await second.text()]).toEqual([304, '']);
  });

  it('cannot be changed', async () => {
    const answer = await fetch(`http://127.0.0.1:${await serve()}/digits.txt`, {
      method: 'DELETE',
    });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect(await answer.text()).toBe('405 Method Not Allowed\n');
  });

  it('are closed if the client goes in the middle', async () => {
    const port = await serve();
    const peer = await RawPeer.connect(port);
    peer.write(get('/large.bin'));
    await peer.until(() => peer.text.length > 1_000, 'the beginning');
    await peer[Symbol.asyncDispose]();
    await using other = await RawPeer.connect(port);
    other.write(get('/digits.txt'));
    await other.until(() => other.text.endsWith('0123456789'), 'an answer');
  });
});

describe('a file that becomes shorter while it is sent', () => {
  it('resets the connection, and is reported', async () => {
    using logged = captureLoggedErrors();
    folder.write('shrinking.bin', Buffer.alloc(300_000));
    const mediaTypes = (): string => {
      truncateSync(join(folder.root, 'shrinking.bin'), 1_000);
      return 'text/plain';
    };
    const served = new Served(staticFiles(folder.root, { cacheBytes: 0, mediaTypes }));
    served.transport.receive(get('/shrinking.bin'));
    expect(await served.later()).toContain('Content-Length: 300000');
    await served.later();
    expect(served.transport.peerSees).toBe('reset');
    expect(logged.flush(FileTruncatedError)).toHaveLength(1);
  });
});

describe('a handler of files', () => {
  it('closes a file whose fields cannot be sent, and answers with 500', async () => {
    using logged = captureLoggedErrors();
    const mediaTypes = (): string => 'text/plain\r\nA: b';
    const served = new Served(staticFiles(folder.root, { cacheBytes: 0, mediaTypes }));
    served.transport.receive(get('/digits.txt'));
    expect(await served.later()).toMatch(/^HTTP\/1.1 500 /);
    expect(logged.flush(Error)).toHaveLength(1);
    expect(folder.openFiles()).toEqual([]);
  });
});
