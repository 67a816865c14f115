/** Responses of a server with the option `compression`. */
import * as zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { CONTENT_CODINGS, type ContentCoding } from '../../src/http/accept-encoding.js';
import {
  type HTTPHandler,
  type HTTPResponse,
  HTTPSequenceError,
  staticFiles,
} from '../../src/http/index.js';
import { captureLoggedErrors } from '../../src/testing/logged-errors.js';
import { get, Served, until } from './served.js';
import { StaticFolder } from './static-folder.js';

const TEXT = 'The quick brown fox jumps over the lazy dog. '.repeat(100);
const GZIP = 'Accept-Encoding: gzip';

const DECOMPRESS: Readonly<Record<ContentCoding, (bytes: Buffer) => Buffer>> = {
  gzip: (bytes) => zlib.gunzipSync(bytes, { finishFlush: zlib.constants.Z_SYNC_FLUSH }),
  deflate: (bytes) => zlib.inflateSync(bytes),
  br: (bytes) => zlib.brotliDecompressSync(bytes),
  zstd: (bytes) =>
    (zlib as unknown as { zstdDecompressSync(b: Buffer): Buffer }).zstdDecompressSync(bytes),
};

interface Received {
  readonly head: string;
  readonly content: Buffer;
}

/** The answer, once it is complete according to `isComplete`; chunks are joined. */
async function received(
  served: Served,
  isComplete: (text: string) => boolean = (text) =>
    /Content-Length: 0\r\n/.test(text) ||
    text.endsWith('0\r\n\r\n') ||
    Number(/Content-Length: (\d+)/.exec(text)?.[1]) === text.length - text.indexOf('\r\n\r\n') - 4,
): Promise<Received> {
  let text = '';
  await until(() => {
    text += served.sent();
    return text.includes('\r\n\r\n') && isComplete(text);
  }, 'the answer');
  const end = text.indexOf('\r\n\r\n');
  const head = text.slice(0, end + 2);
  const rest = text.slice(end + 4);
  const content = head.includes('chunked') ? dechunked(rest) : rest;
  return { head, content: Buffer.from(content, 'latin1') };
}

function dechunked(text: string): string {
  let content = '';
  for (let at = 0; ; ) {
    const end = text.indexOf('\r\n', at);
    const length = Number.parseInt(text.slice(at, end), 16);
    if (!(length > 0)) return content;
    content += text.slice(end + 2, end + 2 + length);
    at = end + 4 + length;
  }
}

async function answerTo(
  handler: HTTPHandler,
  request = get('/', GZIP),
  compression: boolean | object = true,
): Promise<Received> {
  const served = new Served(handler, { compression });
  served.transport.receive(request);
  return received(served);
}

const plain: HTTPHandler = (_request, response) => {
  response.setField('Content-Type', 'text/plain').setField('ETag', '"a"').send(TEXT);
};

describe.each(CONTENT_CODINGS)('content compressed with %s', (coding) => {
  const request = get('/', `Accept-Encoding: ${coding}`);

  it('of a whole response has its length and a weak entity tag', async () => {
    const { head, content } = await answerTo(plain, request);
    expect(head).toBe(
      `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nVary: Accept-Encoding\r\n` +
        `Content-Encoding: ${coding}\r\nETag: W/"a"\r\nContent-Length: ${content.length}\r\n`,
    );
    expect(DECOMPRESS[coding](content).toString()).toBe(TEXT);
    expect(content.length).toBeLessThan(TEXT.length / 5);
  });

  it('of pieces is chunked, whatever was announced', async () => {
    const { head, content } = await answerTo((_request, response) => {
      response.setField('Content-Type', 'text/plain').setField('Content-Length', 3 * TEXT.length);
      response.setField('Accept-Ranges', 'bytes').write(TEXT);
      response.write(Buffer.from(TEXT));
      response.end(TEXT);
    }, request);
    expect(head).not.toMatch(/Content-Length|Accept-Ranges/);
    expect(DECOMPRESS[coding](content).toString()).toBe(TEXT.repeat(3));
  });

  it('of a large response is sent while it is compressed', async () => {
    const large = TEXT.repeat(100);
    const { head, content } = await answerTo((_request, response) => {
      response.setField('Content-Type', 'text/plain').send(large);
    }, request);
    expect(head).toContain('Transfer-Encoding: chunked');
    expect(DECOMPRESS[coding](content).toString()).toBe(large);
  });
});

describe('content is sent as it is', () => {
  it.each<[string, string, (response: HTTPResponse) => HTTPResponse, boolean]>([
    ['without Accept-Encoding', get('/'), (r) => r, true],
    ['for a client that accepts none', get('/', 'Accept-Encoding: gzip;q=0'), (r) => r, true],
    ['if it is an image', get('/', GZIP), (r) => r.setField('Content-Type', 'image/png'), false],
    ['if it has a coding', get('/', GZIP), (r) => r.setField('Content-Encoding', 'br'), false],
    [
      'if caches must not change it',
      get('/', GZIP),
      (r) => r.setField('Cache-Control', 'no-transform'),
      false,
    ],
    [
      'if it is a part',
      get('/', GZIP),
      (r) => {
        r.status = 206;
        return r.setField('Content-Range', 'bytes 0-9/10');
      },
      false,
    ],
    [
      'if it is a stream of events',
      get('/', GZIP),
      (r) => r.setField('Content-Type', 'text/event-stream'),
      false,
    ],
  ])('%s', async (_name, request, prepare, vary) => {
    const { head, content } = await answerTo((_request, response) => {
      prepare(response.setField('Content-Type', 'text/plain').setField('ETag', '"a"')).send(TEXT);
    }, request);
    expect(content.toString()).toBe(TEXT);
    expect(head).toContain('ETag: "a"');
    expect(head.includes('Vary: Accept-Encoding')).toBe(vary);
  });

  it('if it is shorter than minBytes, 1,024 by default', async () => {
    const of = (length: number): HTTPHandler => {
      return (_request, response) =>
        response.setField('Content-Type', 'text/plain').send('a'.repeat(length));
    };
    expect((await answerTo(of(1_023))).head).not.toContain('Content-Encoding');
    expect((await answerTo(of(1_024))).head).toContain('Content-Encoding: gzip');
    const own = { minBytes: 10 };
    expect((await answerTo(of(9), get('/', GZIP), own)).head).not.toContain('Content-Encoding');
    expect((await answerTo(of(10), get('/', GZIP), own)).head).toContain('Content-Encoding');
  });

  it('in a coding that the option omits', async () => {
    const { head } = await answerTo(plain, get('/', 'Accept-Encoding: br, gzip'), {
      codings: ['gzip'],
    });
    expect(head).toContain('Content-Encoding: gzip');
  });
});

describe('a compressed response', () => {
  it('has the same fields in answer to HEAD, and no content', async () => {
    const request = get('/', GZIP).replace('GET', 'HEAD');
    const served = new Served(plain, { compression: true });
    const text = served.receive(request);
    expect(text).toMatch(/^HTTP\/1.1 200 OK\r\n(?:.+\r\n)+\r\n$/);
    expect(text).toContain('Content-Encoding: gzip\r\nETag: W/"a"\r\nTransfer-Encoding: chunked');
  });

  it('of a file has the same fields in answer to HEAD and GET, and a weak tag with 304', async () => {
    const folder = new StaticFolder();
    folder.write('a.txt', TEXT);
    const served = new Served(staticFiles(folder.root), { compression: true });
    served.transport.receive(get('/a.txt', GZIP));
    const { head } = await received(served);
    const tag = /ETag: (W\/".*")/.exec(head)?.[1];
    expect(head).toMatch(/Content-Encoding: gzip\r\n(?:.+\r\n)*Content-Length: \d+\r\n$/);
    const empty = served.receive(get('/a.txt', GZIP).replace('GET', 'HEAD'));
    const fields = (text: string): string[] =>
      text.split('\r\n').filter((line) => !/^(?:Content-Length|Transfer-Encoding|$)/.test(line));
    expect(fields(empty)).toEqual(fields(head));
    const known = served.receive(get('/a.txt', GZIP, `If-None-Match: ${tag}`));
    expect(known).toBe(
      `HTTP/1.1 304 Not Modified\r\nVary: Accept-Encoding\r\nETag: ${tag}\r\n\r\n`,
    );
    folder.remove();
  });

  it('is 304 for a client that has it', async () => {
    const served = new Served(plain, { compression: true });
    expect(served.receive(get('/', GZIP, 'If-None-Match: W/"a"'))).toBe(
      'HTTP/1.1 304 Not Modified\r\nVary: Accept-Encoding\r\nETag: W/"a"\r\n\r\n',
    );
  });

  it('keeps the fields in Vary', async () => {
    const { head } = await answerTo((request, response) => {
      response.setField('Vary', 'Cookie');
      return plain(request, response);
    });
    expect(head).toContain('Vary: Cookie, Accept-Encoding');
  });

  it.each(['end', 'send'] as const)('has trailers behind %s', async (send) => {
    const served = new Served(
      (_request, response) => {
        response.setField('Content-Type', 'text/plain').setTrailer('Sum', '42')[send](TEXT);
      },
      { compression: true },
    );
    served.transport.receive(get('/', GZIP));
    const { content } = await received(served, (text) => text.endsWith('0\r\nSum: 42\r\n\r\n'));
    expect(DECOMPRESS.gzip(content).toString()).toBe(TEXT);
  });

  it('can be decompressed as far as it was written', async () => {
    let resume = (): void => {};
    const served = new Served(
      async (_request, response) => {
        response.setField('Content-Type', 'text/plain').write('one ');
        await new Promise<void>((resolve) => {
          resume = resolve;
        });
        response.end('two');
      },
      { compression: true },
    );
    served.transport.receive(get('/', GZIP));
    let text = '';
    const textOf = (): string => {
      text += served.sent();
      const bytes = Buffer.from(dechunked(text.slice(text.indexOf('\r\n\r\n') + 4)), 'latin1');
      return bytes.length < 11 ? '' : DECOMPRESS.gzip(bytes).toString();
    };
    await until(() => textOf() === 'one ', 'the first piece');
    resume();
    await until(() => textOf() === 'one two' && text.endsWith('0\r\n\r\n'), 'the rest');
  });

  it('is answered in order with the requests behind it', async () => {
    const served = new Served(
      (request, response) => {
        response.setField('Content-Type', 'text/plain');
        response.send(request.path === '/' ? TEXT : 'short');
      },
      { compression: true },
    );
    served.transport.receive(get('/', GZIP) + get('/2', GZIP));
    let text = '';
    await until(() => {
      text += served.sent();
      return text.endsWith('short');
    }, 'both answers');
    expect(text.indexOf('Content-Encoding: gzip')).toBeGreaterThan(0);
    expect(text.match(/HTTP\/1.1 200/g)).toHaveLength(2);
  });

  it('cannot be sent twice', async () => {
    const errors: unknown[] = [];
    const { head } = await answerTo((request, response) => {
      plain(request, response);
      for (const again of [
        () => response.send('again'),
        () => response.write('again'),
        () => response.end(),
        () => response.setField('A', '1'),
      ]) {
        try {
          again();
        } catch (error) {
          errors.push(error);
        }
      }
    });
    expect(head).toContain('200 OK');
    expect(errors).toHaveLength(4);
    for (const error of errors) expect(error).toBeInstanceOf(HTTPSequenceError);
  });

  it('is sent if the handler throws behind it', async () => {
    using logged = captureLoggedErrors();
    const { content } = await answerTo((request, response) => {
      plain(request, response);
      throw new Error('too late');
    });
    expect(DECOMPRESS.gzip(content).toString()).toBe(TEXT);
    expect(logged.flush(Error)).toHaveLength(1);
  });

  it('is dropped if the client goes while it is compressed', async () => {
    const states: unknown[] = [];
    const served = new Served(
      (request, response) => {
        states.push(response);
        request.signal.addEventListener('abort', () => states.push('aborted'));
        plain(request, response);
      },
      { compression: true },
    );
    served.transport.receive(get('/', GZIP));
    served.transport.peerResets();
    await until(() => states.includes('aborted'), 'the abort');
    expect((states[0] as HTTPResponse).ended).toBe(true);
  });

  it('is not compressed faster than the client reads', async () => {
    let written = 0;
    const failures: unknown[] = [];
    const random = Array.from({ length: 400 }, (_, index) => Buffer.alloc(65_536, `${index}`));
    const served = new Served(
      async (_request, response) => {
        response.setField('Content-Type', 'text/plain');
        try {
          for (const piece of random) {
            for (let at = 0; at < piece.length; at += 4)
              piece.writeUInt32LE((at * 2654435761) >>> 0, at);
            written += 1;
            if (!response.write(piece)) await response.drained();
          }
        } catch (error) {
          failures.push(error);
          throw error;
        }
      },
      { compression: { codings: ['gzip'] } },
      1_000,
    );
    served.transport.receive(get('/', GZIP));
    await until(() => served.transport.producerPaused, 'a full buffer');
    const before = written;
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(written).toBeLessThanOrEqual(before + 3);
    served.transport.peerResets();
    await until(() => failures.length === 1, 'the failure of drained');
  });
});
