/** The head of CGI responses: every split, what is refused, and limits. */
import { describe, expect, it } from 'vitest';
import { type CGIHead, type CGIHeadLimits, CGIHeadParser } from '../../src/cgi/index.js';

function head(pieces: readonly string[], limits?: CGIHeadLimits): CGIHead & { text: string } {
  const parser = new CGIHeadParser(limits);
  let found: CGIHead | undefined;
  let text = '';
  for (const piece of pieces) {
    const bytes = Buffer.from(piece, 'latin1');
    if (found !== undefined) text += piece;
    else {
      found = parser.receive(bytes);
      text = found?.rest.toString('latin1') ?? '';
      bytes.fill(0x21);
    }
  }
  if (found === undefined) throw new Error('incomplete');
  return { ...found, text };
}

const HEAD =
  'Content-Type: text/html\r\nStatus: 404 Not here\nX-A:\t b \r\nSet-Cookie: a=\xe9\n\r\nbody\n\nmore';

describe('CGIHeadParser', () => {
  it.each<[string, string | undefined]>([
    ['Location: /a?b#c', undefined],
    ['Location: /a?b=%20', '/a?b=%20'],
    ['Content-Type: text/html\nLocation: /', '/'],
    ['Location: //other/a', undefined],
    ['Location: /\\other/a', undefined],
    ['Location: /a b', undefined],
    ['Location: /\u00e4', undefined],
    ['Location: a', undefined],
    ['Location: http://a/', undefined],
    ['Location: /a\nStatus: 302', undefined],
    ['Location: /a\nX: y', undefined],
    ['A: b', undefined],
  ])('has a redirect inside the server: %j', (head, expected) => {
    const parsed = new CGIHeadParser().receive(Buffer.from(`${head}\n\n`, 'latin1'));
    expect(parsed?.localTarget).toBe(expected);
  });

  it('reads the status and the fields, at every split', () => {
    const expected = {
      status: 404,
      fields: [
        ['Content-Type', 'text/html'],
        ['X-A', 'b'],
        ['Set-Cookie', 'a=\xe9'],
      ],
      text: 'body\n\nmore',
    };
    for (let at = 0; at <= HEAD.length; at++) {
      expect(head([HEAD.slice(0, at), HEAD.slice(at)])).toMatchObject(expected);
    }
    expect(head(HEAD.split(''))).toMatchObject(expected);
  });

  it.each([
    ['Content-Type: a\n\n', 200],
    ['Location: /a\n\n', 302],
    ['Location: http://a/\nStatus: 301\n\n', 301],
    ['Status: 204\n\n', 204],
    ['status:599 Own\n\n', 599],
  ])('%j has the status %d', (text, status) => {
    expect(head([text]).status).toBe(status);
  });

  it('leaves out fields of the connection', () => {
    const text =
      'A: b\nConnection: close\nTransfer-Encoding: chunked\nUpgrade: x\nKeep-Alive: 5\n\n';
    expect(head([text]).fields).toEqual([['A', 'b']]);
  });

  it.each([
    ['\n'],
    ['\r\n\r\n'],
    ['HTTP/1.1 200 OK\n\n'],
    ['<html>\n'],
    ['Content-Type text/html\n\n'],
    [': a\n\n'],
    ['A B: c\n\n'],
    ['A: b\n c\n\n'],
    ['A: b\rC: d\n\n'],
    ['A: b\x00\n\n'],
    ['Status: 99\n\n'],
    ['Status: 101 Switching\n\n'],
    ['Status: 600\n\n'],
    ['Status: 2000\n\n'],
    ['Status: OK\n\n'],
    ['Status: 200\nStatus: 200\n\n'],
    ['Location: /a\nLocation: /b\n\n'],
    ['Location:\n\n'],
  ])('refuses %j', (text) => {
    for (const pieces of [[text], text.split('')]) {
      expect(() => head(pieces)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_CGI_OUTPUT' }),
      );
    }
  });

  it('has limits', () => {
    expect(() => head(['A: b\n'.repeat(3)], { maxFields: 2 })).toThrow(/maxFields, 2/);
    for (const text of ['x'.repeat(65), `A: ${'b'.repeat(70)}\n\n`, 'A: b\n'.repeat(20)]) {
      expect(() => head([text], { maxHeadBytes: 64 })).toThrow(/maxHeadBytes, 64/);
    }
    expect(() => head(['x'.repeat(65_537)])).toThrow(/maxHeadBytes, 65536/);
    expect(head([`A: b\n\n${'x'.repeat(100)}`], { maxHeadBytes: 64 }).text).toHaveLength(100);
    expect(() => new CGIHeadParser({ maxHeadBytes: 1 })).toThrow(/maxHeadBytes must be/);
    expect(() => new CGIHeadParser({ maxFields: 0 })).toThrow(/maxFields must be/);
  });
});
