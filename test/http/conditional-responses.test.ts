/** Answers with 304 and 412 that the server makes of a 200 with validators. */
import { describe, expect, it } from 'vitest';
import type { HTTPHandler } from '../../src/http/index.js';
import { answer, get, Served } from './served.js';

const DATE = 'Sun, 06 Nov 1994 08:49:37 GMT';

const handler: HTTPHandler = ({ path, method }, response) => {
  if (path !== '/dated') response.setField('ETag', '"a"');
  else response.setField('Last-Modified', DATE);
  response.setField('Content-Type', 'text/plain').setField('Cache-Control', 'no-cache');
  if (path === '/created') response.status = 201;
  if (path !== '/pieces') response.send(method);
  else {
    response.setField('Content-Length', 6).setTrailer('A', '1').write('abc');
    response.end('def');
  }
};

const KNOWN = 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nCache-Control: no-cache\r\n\r\n';

describe('a response with validators is 304', () => {
  it.each([['"a"'], ['W/"a"'], ['"b", "a"'], ['*']])('for If-None-Match: %s', (tags) => {
    const served = new Served(handler);
    expect(served.receive(get('/', `If-None-Match: ${tags}`))).toBe(KNOWN);
    const head = get('/', `If-None-Match: ${tags}`).replace('GET', 'HEAD');
    expect(served.receive(head)).toBe(KNOWN);
  });

  it('if it is written piece by piece', () => {
    const served = new Served(handler);
    expect(served.receive(get('/pieces', 'If-None-Match: "a"'))).toBe(KNOWN);
    expect(served.receive(get('/', 'If-None-Match: "a"'))).toBe(KNOWN);
  });

  it('for If-Modified-Since', () => {
    const known = 'HTTP/1.1 304 Not Modified\r\nCache-Control: no-cache\r\n\r\n';
    expect(new Served(handler).receive(get('/dated', `If-Modified-Since: ${DATE}`))).toBe(known);
  });
});

describe('a response with validators is complete', () => {
  const whole = answer(
    '200 OK',
    'GET',
    'ETag: "a"',
    'Content-Type: text/plain',
    'Cache-Control: no-cache',
  );

  it.each([
    ['without conditions', get('/')],
    ['for another entity tag', get('/', 'If-None-Match: "b"')],
    ['for malformed conditions', get('/', 'If-None-Match: a')],
    ['for a date, if it has none', get('/', `If-Modified-Since: ${DATE}`)],
  ])('%s', (_name, request) => {
    expect(new Served(handler).receive(request)).toBe(whole);
  });

  it('with another status, and to another method', () => {
    const served = new Served(handler);
    expect(served.receive(get('/created', 'If-None-Match: "a"'))).toContain('201 Created');
    const post = get('/', 'If-None-Match: "a"', 'Content-Length: 0').replace('GET', 'POST');
    expect(served.receive(post)).toContain('200 OK');
  });

  it('for an older date', () => {
    const older = 'If-Modified-Since: Sat, 05 Nov 1994 08:49:37 GMT';
    expect(new Served(handler).receive(get('/dated', older))).toContain('200 OK');
  });
});

describe('a response with validators is 412, without content', () => {
  const FAILED =
    'HTTP/1.1 412 Precondition Failed\r\nETag: "a"\r\nCache-Control: no-cache\r\nContent-Length: 0\r\n\r\n';

  it.each([['"b"'], ['W/"a"'], ['a']])('for If-Match: %s', (tags) => {
    const served = new Served(handler);
    expect(served.receive(get('/', `If-Match: ${tags}`))).toBe(FAILED);
    const head = get('/', `If-Match: ${tags}`).replace('GET', 'HEAD');
    expect(served.receive(head)).toBe(FAILED);
    expect(served.receive(get('/pieces', `If-Match: ${tags}`))).toBe(FAILED);
  });

  it('for an older If-Unmodified-Since', () => {
    const older = 'If-Unmodified-Since: Sat, 05 Nov 1994 08:49:37 GMT';
    const text = new Served(handler).receive(get('/dated', older));
    expect(text).toBe(FAILED.replace('ETag: "a"\r\n', ''));
  });

  it('unless the conditions are met, or the method is another one', () => {
    const served = new Served(handler);
    expect(served.receive(get('/', 'If-Match: "b", "a"'))).toContain('200 OK');
    expect(served.receive(get('/', 'If-Match: *'))).toContain('200 OK');
    expect(served.receive(get('/dated', `If-Unmodified-Since: ${DATE}`))).toContain('200 OK');
    const post = get('/', 'If-Match: "b"', 'Content-Length: 0').replace('GET', 'POST');
    expect(served.receive(post)).toContain('200 OK');
  });

  it('if it would be compressed too, and is not compressed for the tag that it has', async () => {
    const served = new Served(
      (_request, response) => {
        response.setField('ETag', '"a"').setField('Content-Type', 'text/plain');
        response.send('x'.repeat(5_000));
      },
      { compression: {} },
    );
    const accepts = 'Accept-Encoding: gzip';
    served.transport.receive(get('/', accepts, 'If-Match: "b"'));
    expect(await served.later()).toMatch(/^HTTP\/1.1 412 .*\r\nContent-Length: 0\r\n\r\n$/s);
    served.transport.receive(get('/', accepts, 'If-Match: "a"'));
    expect(await served.later()).toMatch(/ETag: "a"\r\n.*\r\nContent-Length: 5000\r\n/s);
  });
});
