/** The option `errorPage`. */
import { describe, expect, it } from 'vitest';
import {
  type ErrorPageMaker,
  type HTTPHandler,
  HTTPStatusError,
  negotiatedErrorPage,
  plainErrorPage,
} from '../../src/http/index.js';
import { captureLoggedErrors } from '../../src/testing/logged-errors.js';
import { answer, CLOSE, get, post, refusal, Served } from './served.js';

const missing: HTTPHandler = () => {
  throw new HTTPStatusError(404, 'a secret');
};
const TYPE = 'Content-Type: text/plain; charset=utf-8';

describe('error pages', () => {
  it('are the plain ones by default', () => {
    const page = answer('404 Not Found', '404 Not Found\n', TYPE);
    expect(new Served(missing).receive(get('/'))).toBe(page);
    expect(new Served(missing, { errorPage: plainErrorPage }).receive(get('/'))).toBe(page);
  });

  it('can be HTML for browsers', () => {
    const served = new Served(missing, { errorPage: negotiatedErrorPage });
    const page = served.receive(get('/', 'Accept: text/html'));
    expect(page).toContain('Content-Type: text/html; charset=utf-8\r\nContent-Security-Policy: ');
    expect(page).toContain('<h1>404 Not Found</h1>');
    expect(page).not.toContain('secret');
    expect(served.receive(get('/'))).toContain('\r\n\r\n404 Not Found\n');
  });

  it('are made for answers of the server itself too, with the request if there is one', () => {
    const seen: unknown[] = [];
    const errorPage: ErrorPageMaker = (status, request) => {
      seen.push([status, request?.target]);
      return { fields: [['X-Error', 'ä']], content: `ä ${status}` };
    };
    const served = new Served((request) => request.bytes(), { errorPage, maxContentBytes: 1 });
    expect(served.receive('nonsense\r\n\r\n')).toBe(
      `HTTP/1.1 400 Bad Request\r\nX-Error: ä\r\nContent-Length: 6\r\n${CLOSE}\r\nÃ¤ 400`,
    );
    served.connect();
    expect(served.receive(post('12'))).toContain('413');
    expect(seen).toEqual([
      [400, undefined],
      [413, '/'],
    ]);
  });

  it('are sent with sendStatus, behind the fields that were set', () => {
    const served = new Served((_request, response) => {
      response.setField('Allow', 'GET').sendStatus(405);
    });
    const page = answer('405 Method Not Allowed', '405 Method Not Allowed\n', 'Allow: GET', TYPE);
    expect(served.receive(get('/'))).toBe(page);
  });

  it.each<[string, ErrorPageMaker]>([
    [
      'throws',
      () => {
        throw new Error('no page');
      },
    ],
    [
      'returns fields of the connection',
      () => ({ fields: [['Content-Length', '3']], content: '' }),
    ],
    ['returns a line end', () => ({ fields: [['A', 'b\r\nC: d']], content: '' })],
    ['returns no content', () => ({ fields: [] }) as never],
  ])('are the plain ones if the function %s, which is reported', (_name, errorPage) => {
    using logged = captureLoggedErrors();
    const served = new Served(missing, { errorPage });
    expect(served.receive(get('/'))).toBe(answer('404 Not Found', '404 Not Found\n', TYPE));
    expect(served.receive('nonsense\r\n\r\n')).toBe(refusal('400 Bad Request'));
    expect(logged.flush(Error)).toHaveLength(2);
  });
});
