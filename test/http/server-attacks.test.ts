/** Attacks on the HTTP server that need only bytes, and responses that handlers get wrong. */
import { describe, expect, it } from 'vitest';
import { type HTTPHandler, InvalidHTTPOutputError } from '../../src/http/index.js';
import { InvalidArgumentTypeError } from '../../src/index.js';
import { flushLoggedErrors } from '../../src/testing/index.js';
import { answer, CLOSE, get, refusal, Served } from './served.js';

const SMUGGLED = get('/smuggled');
const HOST = 'Host: a\r\n';

/** A POST with these field lines in front of a second request, which must never be seen. */
function smuggling(fields: string, content = `0\r\n\r\n${SMUGGLED}`): string {
  return `POST /first HTTP/1.1\r\n${HOST}${fields}\r\n${content}`;
}

describe('request smuggling', () => {
  const length = 'Content-Length: 5\r\n';
  const chunked = 'Transfer-Encoding: chunked\r\n';

  it.each([
    ['a length and chunks', smuggling(length + chunked)],
    ['chunks and a length', smuggling(chunked + length)],
    ['two lengths', smuggling(`Content-Length: 0\r\n${length}`)],
    ['two equal lengths', smuggling(length + length)],
    ['a list of lengths', smuggling('Content-Length: 5, 5\r\n')],
    ['a signed length', smuggling('Content-Length: +5\r\n')],
    ['a hexadecimal length', smuggling('Content-Length: 0x5\r\n')],
    ['an empty length', smuggling('Content-Length:\r\n')],
    ['a length with a tab', smuggling('Content-Length: \t5\r\n')],
    ['a space before the colon', smuggling('Content-Length : 5\r\n')],
    ['a folded line', smuggling('X: a\r\n Content-Length: 5\r\n')],
    ['a bare LF', smuggling('X: a\nContent-Length: 5\r\n')],
    ['a bare CR', smuggling('X: a\rContent-Length: 5\r\n')],
    ['a NUL', smuggling('X: a\0b\r\n')],
    ['chunked twice', smuggling(chunked + chunked)],
    ['chunked within a list', smuggling('Transfer-Encoding: chunked, identity\r\n')],
    ['another spelling of chunked', smuggling('Transfer-Encoding: xchunked\r\n')],
    ['chunked with a vertical tab', smuggling('Transfer-Encoding: \x0bchunked\r\n')],
    ['chunked in quotes', smuggling('Transfer-Encoding: "chunked"\r\n')],
    ['a signed chunk size', smuggling(chunked, `+0\r\n\r\n${SMUGGLED}`)],
    ['a prefixed chunk size', smuggling(chunked, `0x0\r\n\r\n${SMUGGLED}`)],
    ['a space behind the chunk size', smuggling(chunked, `0 \r\n\r\n${SMUGGLED}`)],
    ['a LF behind the chunk size', smuggling(chunked, `0\n\r\n${SMUGGLED}`)],
    ['a LF in a chunk extension', smuggling(chunked, `0;a\nb\r\n\r\n${SMUGGLED}`)],
    [
      'a quoted CRLF in a chunk extension',
      smuggling(chunked, `1;a="\r\nx\r\n0\r\n\r\n${SMUGGLED}"`),
    ],
    ['no CRLF behind a chunk', smuggling(chunked, `1\r\nxy\r\n0\r\n\r\n${SMUGGLED}`)],
    ['a length as a trailer', smuggling(chunked, `0\r\nContent-Length: 5\r\n\r\n${SMUGGLED}`)],
    ['two hosts', smuggling('Host: b\r\n', SMUGGLED)],
    ['a host with a path', `GET / HTTP/1.1\r\nHost: a/b\r\n\r\n${SMUGGLED}`],
    ['no host', `GET / HTTP/1.1\r\n\r\n${SMUGGLED}`],
    ['a fragment', `GET /#a HTTP/1.1\r\n${HOST}\r\n${SMUGGLED}`],
    ['a space in the target', `GET /a b HTTP/1.1\r\n${HOST}\r\n${SMUGGLED}`],
    ['CONNECT with content', `CONNECT a:1 HTTP/1.1\r\n${HOST}${length}\r\n${SMUGGLED}`],
    ['chunks in HTTP/1.0', smuggling(chunked).replace('1.1', '1.0')],
  ])('by %s is refused, and nothing behind it is read', (_name, bytes) => {
    const paths: string[] = [];
    const handler: HTTPHandler = (request, response) => {
      paths.push(request.path);
      return request.bytes().addCallback(() => response.send());
    };
    for (const cut of [bytes.length, 1]) {
      const served = new Served(handler);
      let text = '';
      for (let at = 0; at < bytes.length; at += cut) {
        text += served.receive(Buffer.from(bytes.slice(at, at + cut), 'latin1'));
      }
      expect(text).toMatch(/^HTTP\/1\.1 (400|501) .*\r\nConnection: close\r\n/s);
      expect(text.split('HTTP/1.1 ')).toHaveLength(2);
      expect(served.transport.peerSees).toBe('end');
    }
    expect(paths).not.toContain('/smuggled');
  });
});

describe('response splitting', () => {
  const BAD = 'a\r\nSet-Cookie: x=1';
  it.each<[string, HTTPHandler]>([
    ['the value of a field', (_, response) => response.setField('Location', BAD)],
    ['the name of a field', (_, response) => response.setField(BAD, 'a')],
    ['one of several values', (_, response) => response.addField('Link', ['a', BAD])],
    ['a trailer', (_, response) => response.setTrailer('Sum', BAD)],
    ['an early hint', (_, response) => response.earlyHints(BAD)],
    ['an informational response', (_, response) => response.inform(199, { A: BAD })],
    ['a NUL', (_, response) => response.setField('A', 'a\0')],
    ['a character whose low octet is a LF', (_, response) => response.setField('A', '\u010a')],
  ])('by %s is refused', (_name, handler) => {
    const served = new Served(handler);
    expect(served.receive(get('/'))).toBe(
      answer(
        '500 Internal Server Error',
        '500 Internal Server Error\n',
        'Content-Type: text/plain; charset=utf-8',
      ),
    );
    expect(flushLoggedErrors(InvalidHTTPOutputError)).toHaveLength(1);
  });

  it('by the fields of framing of an informational response is refused', () => {
    const served = new Served((_request, response) => {
      for (const name of ['Content-Length', 'Transfer-Encoding', 'Connection']) {
        expect(() => response.inform(103, { [name]: '1' })).toThrow(InvalidHTTPOutputError);
      }
      response.send();
    });
    expect(served.receive(get('/'))).toBe(answer('200 OK', ''));
  });

  it.each([[null], [undefined], [{}], [[null]], [true]])('%j is no value of a field', (value) => {
    const served = new Served((_request, response) => {
      expect(() => response.addField('A', value as never)).toThrow(InvalidArgumentTypeError);
      response.send();
    });
    expect(served.receive(get('/'))).toBe(answer('200 OK', ''));
  });
});

describe('a response that has no content', () => {
  it.each([
    ['204 No Content', 204, ''],
    ['304 Not Modified', 304, 'Content-Length: 7\r\n'],
    ['205 Reset Content', 205, 'Content-Length: 0\r\n'],
  ])('with %s sends none, whatever the handler writes', (line, status, length) => {
    const served = new Served((request, response) => {
      response.status = status;
      if (request.path !== '/send') response.setField('Content-Length', '7');
      if (request.path === '/send') response.send('content');
      else if (request.path === '/end') response.end('content');
      else {
        response.write('con');
        response.end('tent');
      }
    });
    expect(served.receive(get('/write'))).toBe(`HTTP/1.1 ${line}\r\n${length}\r\n`);
    expect(served.receive(get('/end'))).toBe(`HTTP/1.1 ${line}\r\n${length}\r\n`);
    const sent = length.endsWith('7\r\n') ? '' : length;
    expect(served.receive(get('/send'))).toBe(`HTTP/1.1 ${line}\r\n${sent}\r\n`);
    expect(served.transport.peerSees).toBe('open');
  });

  it('to HEAD keeps the connection in order', () => {
    const served = new Served((_request, response) => {
      response.write('con');
      response.end('tent');
    });
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
    const text = get('/').replace('GET', 'HEAD') + get('/').replace('GET', 'HEAD');
    expect(served.receive(text)).toBe(head + head);
  });

  it('to CONNECT ends the connection: clients take what follows for a tunnel', () => {
    const served = new Served((_request, response) => response.send('content'));
    expect(served.receive(`CONNECT a:1 HTTP/1.1\r\n${HOST}\r\n${SMUGGLED}`)).toBe(
      `HTTP/1.1 200 OK\r\n${CLOSE}\r\n`,
    );
    expect(served.transport.peerSees).toBe('end');
  });
});

describe('HTTP/1.0', () => {
  it('gets no informational responses, chunks or trailers', async () => {
    const served = new Served((_request, response) => {
      response.earlyHints('</a>');
      response.setTrailer('Sum', '1');
      response.write('con');
      response.end('tent');
    });
    const request = 'POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx';
    expect(served.receive(request)).toBe(`HTTP/1.1 200 OK\r\n${CLOSE}\r\ncontent`);
    expect(served.transport.peerSees).toBe('end');
  });
});

describe('100-continue', () => {
  const head = `POST / HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n`;

  it('is sent once, and not once content has arrived or the answer was sent', async () => {
    const served = new Served(async (request, response) => {
      if (request.has('x')) response.send('early');
      else response.send(await request.bytes());
    });
    expect(served.receive(head)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    served.receive('o');
    served.receive('k');
    expect(await served.later()).toBe(answer('200 OK', 'ok'));
    served.receive(`${head}ok`);
    expect(await served.later()).toBe(answer('200 OK', 'ok'));
    expect(served.receive(head.replace('Expect', 'X: 1\r\nExpect'))).toBe(
      answer('200 OK', 'early').replace('\r\n\r\n', `\r\n${CLOSE}\r\n`),
    );
    expect(served.transport.peerSees).toBe('end');
  });
});

describe('maxPipelinedBytes', () => {
  it.each([
    ['head', get('/', `A: ${'x'.repeat(500)}`)],
    [
      'trailer section',
      `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\nA: ${'x'.repeat(500)}\r\n\r\n`,
    ],
  ])('does not stop the reading of a longer %s', async (_name, text) => {
    const served = new Served(
      (request, response) => request.bytes().addCallback(() => response.send()),
      { maxPipelinedBytes: 100 },
    );
    let sent = '';
    for (let at = 0; at < text.length; at += 150) {
      expect(served.transport.paused).toBe(false);
      sent += served.receive(text.slice(at, at + 150));
    }
    expect(sent).toBe(answer('200 OK', ''));
  });
});

describe('a flood of pipelined requests', () => {
  it('is answered in order, without recursion, with memory for one response', () => {
    const waiting: (() => void)[] = [];
    const served = new Served((request, response) => {
      if (request.path === '/late') waiting.push(() => response.send('late'));
      else response.send('x');
    });
    const flood = get('/').repeat(1_500);
    expect(served.receive(get('/late') + flood)).toBe('');
    waiting[0]?.();
    expect(served.sent()).toBe(answer('200 OK', 'late') + answer('200 OK', 'x').repeat(1_500));
  });

  it('of errors is answered once', () => {
    const served = new Served((_request, response) => response.send());
    expect(served.receive('GET\r\n\r\n'.repeat(1_000))).toBe(refusal('400 Bad Request'));
  });
});
