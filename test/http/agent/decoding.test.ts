/** Content codings of responses, with bounds, in memory. */
import { setImmediate } from 'node:timers/promises';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { fieldOf, statusOf } from '../../../src/http/error-answers.js';
import {
  type AgentOptions,
  type AgentRequestOptions,
  DecodedBodyTooLargeError,
  DecodedRatioError,
  HTTPSequenceError,
  InvalidContentCodingError,
  InvalidJSONError,
  UnsupportedContentCodingError,
} from '../../../src/http/index.js';
import { CancelledError } from '../../../src/index.js';
import { successResultOf } from '../../../src/testing/index.js';
import { within } from '../../support/deadline.js';
import { Agented } from './memory-agent.js';

const TEXT = JSON.stringify({ text: 'é'.repeat(5_000) });

/** The flag FNAME is set. */
function gzipHeader(): Buffer {
  return Buffer.of(0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3);
}

type Asked = ReturnType<Agented['agent']['get']>;

function answered(
  coding: string,
  content: Uint8Array,
  ofAgent: AgentOptions = {},
  options: AgentRequestOptions = {},
): { agented: Agented; asked: Asked } {
  const agented = new Agented(ofAgent);
  const asked = agented.agent.request('http://a/', options);
  const length = `Content-Length: ${content.length}\r\n\r\n`;
  agented.server.answer(`HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\n${length}`);
  if (content.length > 0) agented.server.answer(content);
  return { agented, asked };
}

describe('coded content', () => {
  it.each([
    ['gzip', gzipSync(TEXT)],
    ['x-gzip', gzipSync(TEXT)],
    ['deflate', deflateSync(TEXT)],
    ['deflate', deflateRawSync(TEXT)],
    ['br', brotliCompressSync(TEXT)],
    ['identity', Buffer.from(TEXT)],
  ])('in %s is decoded', async (coding, content) => {
    const { agented, asked } = answered(coding, content);
    const answer = successResultOf(asked);
    expect(answer.contentLength).toBeUndefined();
    expect(answer.field('content-encoding')).toBe(coding);
    expect(await within(answer.json().toPromise(), 'the content')).toEqual(JSON.parse(TEXT));
    expect(agented.agent.counts.idle).toBe(1);
    expect(await answered(coding, content).asked.text()).toBe(TEXT);
    expect(String(await answered(coding, content).asked.bytes())).toBe(TEXT);
    let text = '';
    for await (const piece of await answered(coding, content).asked) {
      text += piece.toString('latin1');
    }
    expect(Buffer.from(text, 'latin1').toString()).toBe(TEXT);
  });

  it('may be empty', async () => {
    expect(await answered('gzip', Buffer.alloc(0)).asked.text()).toBe('');
    const agented = new Agented();
    const asked = agented.agent.get('http://a/').text();
    agented.server.answer(
      'HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    );
    expect(await asked).toBe('');
    const unchanged = new Agented();
    const cached = unchanged.agent.get('http://a/').text();
    unchanged.server.answer('HTTP/1.1 304 Not Modified\r\nContent-Encoding: compress\r\n\r\n');
    expect(await cached).toBe('');
  });

  it('is not decoded if that is turned off, or in answer to HEAD', async () => {
    const content = gzipSync(TEXT);
    expect(await answered('gzip', content, { decode: false }).asked.bytes()).toEqual(content);
    const ofRequest = answered('gzip', content, {}, { decode: false });
    expect(await ofRequest.asked.bytes()).toEqual(content);
    const head = answered('gzip', Buffer.alloc(0), {}, { method: 'HEAD' });
    expect(successResultOf(head.asked).contentLength).toBe(0);
  });

  it('is asked for, except in answer to a part', () => {
    const agented = new Agented();
    const accepts = (options: AgentRequestOptions): string | undefined => {
      agented.agent.request('http://a/', options);
      return /Accept-Encoding: (.*)\r\n/i.exec(agented.server.sent)?.[1];
    };
    expect(accepts({})).toMatch(/^br, (zstd, )?gzip, deflate$/);
    expect(accepts({ fields: { 'accept-encoding': 'gzip' } })).toBe('gzip');
    expect(accepts({ fields: { Range: 'bytes=0-1' } })).toBeUndefined();
    expect(accepts({ decode: false })).toBeUndefined();
  });

  it('that is truncated, malformed or followed by other bytes fails', async () => {
    const content = gzipSync(TEXT);
    const wrong = [
      content.subarray(0, -5),
      Buffer.from('no gzip'),
      Buffer.concat([content, content, Buffer.from('x')]),
    ];
    for (const bytes of wrong) {
      const { asked } = answered('gzip', bytes);
      await expect(asked.text().toPromise()).rejects.toBeInstanceOf(InvalidContentCodingError);
    }
  });

  it('that is wrong is the fault of the server: the client of a gateway gets 502', async () => {
    const wrong = [
      ['gzip', Buffer.from('no gzip'), InvalidContentCodingError],
      ['gzip', gzipSync(TEXT).subarray(0, -5), InvalidContentCodingError],
      ['compress', Buffer.from('x'), UnsupportedContentCodingError],
    ] as const;
    for (const [coding, content, type] of wrong) {
      const error = await answered(coding, content)
        .asked.text()
        .toPromise()
        .catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(type);
      expect([statusOf(error), fieldOf(error)]).toEqual([502, undefined]);
    }
  });

  it('in an unknown coding, or in two, fails when it is read', async () => {
    for (const coding of ['compress', 'gzip, gzip']) {
      const { asked } = answered(coding, gzipSync(gzipSync(TEXT)));
      await expect(asked.text().toPromise()).rejects.toBeInstanceOf(UnsupportedContentCodingError);
      const dropped = answered(coding, Buffer.from('x'));
      await dropped.asked.drain();
      expect(dropped.agented.agent.counts.idle).toBe(1);
    }
  });

  it('fails if it is not JSON, and is read once', async () => {
    const { asked } = answered('gzip', gzipSync('{'));
    const answer = await asked;
    await expect(answer.json().toPromise()).rejects.toBeInstanceOf(InvalidJSONError);
    expect(() => answer.text()).toThrow(HTTPSequenceError);
  });

  it('is left, or cancelled', async () => {
    const left = answered('gzip', gzipSync(TEXT));
    for await (const _piece of await left.asked) break;
    expect(left.agented.agent.counts.idle).toBe(1);
    const { asked } = answered('gzip', gzipSync(TEXT).subarray(0, -5));
    const text = asked.text();
    text.cancel();
    await expect(text.toPromise()).rejects.toBeInstanceOf(CancelledError);
    const unread = await answered('gzip', gzipSync(TEXT)).asked;
    unread.discard();
    unread.abort();
  });
});

describe('the limits of coded content', () => {
  const bomb = gzipSync(Buffer.alloc(8 * 1024 * 1024));

  it('bound what is collected', async () => {
    const { asked } = answered('gzip', bomb);
    const error = asked.bytes(100_000).toPromise();
    await expect(error).rejects.toMatchObject({
      code: 'ERR_DECODED_BODY_TOO_LARGE',
      limit: 100_000,
    });
  });

  it('bound what is streamed', async () => {
    const { asked } = answered('gzip', bomb, { maxDecodedBytes: 200_000 });
    let length = 0;
    const read = async (): Promise<void> => {
      for await (const piece of await asked) length += piece.length;
    };
    const error = await read().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(DecodedBodyTooLargeError);
    expect(error).toMatchObject({ option: 'maxDecodedBytes', limit: 200_000, status: 502 });
    expect(length).toBeLessThanOrEqual(200_000);
  });

  it.each([
    ['a gzip header whose name does not end', 'gzip', gzipHeader(), 'x'.repeat(65_536)],
    ['empty stored blocks', 'deflate', Buffer.of(0x78, 0x01), '\0\0\0\xff\xff'.repeat(13_000)],
  ])('bound content that decodes to nothing: %s', async (_what, coding, begin, piece) => {
    const agented = new Agented();
    const text = agented.agent.get('http://a/').text(1_000).toPromise();
    const failed = text.catch((caught: unknown) => caught);
    agented.server.answer(`HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\n\r\n`);
    agented.server.answer(begin);
    const { transport } = agented.server;
    let isOver = false;
    // The decoder works in other threads, and pauses the transport meanwhile.
    const send = async (): Promise<void> => {
      for (let sent = 0; !isOver && transport.peerSees === 'open'; await setImmediate()) {
        if (transport.paused || sent === 200) transport.settle();
        else {
          agented.server.answer(Buffer.from(piece, 'latin1'));
          sent += 1;
        }
      }
    };
    const sending = send();
    const outcome = await within(failed, 'the limit').finally(() => {
      isOver = true;
    });
    await sending;
    expect(outcome).toMatchObject({
      code: 'ERR_DECODED_BODY_TOO_LARGE',
      option: 'maxBytes',
      limit: 1_000,
      status: 502,
    });
  });

  it('bound the ratio, beyond 1 MiB', async () => {
    const { asked } = answered('gzip', bomb);
    const error = await asked
      .bytes()
      .toPromise()
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(DecodedRatioError);
    expect(error).toMatchObject({
      code: 'ERR_DECODED_RATIO',
      option: 'maxDecodedRatio',
      limit: 500,
    });
    const short = gzipSync(Buffer.alloc(1024 * 1024));
    expect((await answered('gzip', short).asked.bytes()).length).toBe(1024 * 1024);
    const allowed = answered('gzip', bomb, { maxDecodedRatio: 2_000 });
    expect((await allowed.asked.bytes()).length).toBe(8 * 1024 * 1024);
  });
});
