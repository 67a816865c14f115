/** Redirections: methods, content, credentials, limits, in memory. */
import { describe, expect, it } from 'vitest';
import { redirects } from '../../../src/http/agent/redirects.js';
import {
  type AgentOptions,
  type AgentRequestOptions,
  HTTPRedirectError,
} from '../../../src/http/index.js';
import { CancelledError } from '../../../src/index.js';
import { failureResultOf, ManualClock, successResultOf } from '../../../src/testing/index.js';
import { response } from '../client/memory-servers.js';
import { Agented } from './memory-agent.js';

function redirect(status: number, ...locations: string[]): string {
  const lines = locations.map((location) => `Location: ${location}\r\n`).join('');
  return `HTTP/1.1 ${status} Moved\r\n${lines}Content-Length: 3\r\n\r\nbye`;
}

/** Sends a request to `http://a/x`, which is redirected. */
function redirected(
  answer: string,
  options: AgentRequestOptions = {},
  ofAgent: AgentOptions = {},
): { agented: Agented; asked: ReturnType<Agented['agent']['request']>; again: string } {
  const agented = new Agented(ofAgent);
  const asked = agented.agent.request('http://a/x', options);
  agented.server.sent;
  agented.server.answer(answer);
  const [other] = [...agented.servers.values()].slice(1);
  return { agented, asked, again: other?.last.sent ?? agented.server.sent };
}

describe('a redirection', () => {
  it('is followed on the same connection, and named by the response', () => {
    const { agented, asked, again } = redirected(redirect(302, 'y?z#part'));
    expect(again).toMatch(/^GET \/y\?z HTTP\/1.1\r\nHost: a\r\n/);
    agented.server.answer(redirect(301, '/w'));
    agented.server.answer(response('there'));
    const answer = successResultOf(asked);
    expect([answer.url, answer.redirects]).toEqual([
      'http://a/w#part',
      ['http://a/x', 'http://a/y?z#part'],
    ]);
    expect(successResultOf(answer.text())).toBe('there');
    expect(agented.at('http://a').connections.length).toBe(1);
  });

  it('without content is followed on the same connection', () => {
    const { agented, asked } = redirected(
      'HTTP/1.1 303 Go\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n',
    );
    agented.server.answer(response('there'));
    expect(successResultOf(asked).status).toBe(200);
    expect(agented.at('http://a').connections.length).toBe(1);
  });

  it.each([
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [303, 'POST', 'GET'],
    [307, 'POST', 'POST'],
    [308, 'POST', 'POST'],
    [301, 'PUT', 'PUT'],
    [302, 'DELETE', 'DELETE'],
    [303, 'PUT', 'GET'],
    [303, 'HEAD', 'HEAD'],
    [301, 'HEAD', 'HEAD'],
  ])('with %i to %s is followed by %s', (status, method, then) => {
    const hasContent = method !== 'HEAD';
    const options: AgentRequestOptions = {
      method,
      ...(hasContent ? { content: 'text', fields: { 'content-type': 'text/plain' } } : {}),
    };
    const answer = redirect(status, '/y').replace('bye', hasContent ? 'bye' : '');
    const { again } = redirected(answer, options);
    expect(again.split(' ', 1)[0]).toBe(then);
    expect(again.includes('content-type: text/plain')).toBe(hasContent && method === then);
    expect(again.endsWith('\r\n\r\ntext')).toBe(hasContent && method === then);
  });

  it('sends pieces of a function again, and never pieces that exist once', async () => {
    const again = redirected(redirect(307, '/y'), { method: 'PUT', content: () => ['a'] });
    expect(successResultOrUndefined(again.asked)).toBeUndefined();
    const once = redirected(redirect(307, '/y'), { method: 'PUT', content: ['a'] });
    const error = failureResultOf(once.asked);
    expect(error).toBeInstanceOf(HTTPRedirectError);
    expect(error).toMatchObject({ rule: 'content-once', location: 'http://a/y' });
    again.asked.cancel();
    expect(failureResultOf(again.asked)).toBeInstanceOf(CancelledError);
  });

  it.each([300, 304, 305, 200])('is not a response with %i', (status) => {
    const { asked } = redirected(redirect(status, '/y'));
    expect(successResultOf(asked).status).toBe(status);
  });

  it('without Location is an answer', () => {
    expect(successResultOf(redirected(redirect(302)).asked).status).toBe(302);
  });

  it('is an answer, or an error, if the request has another mode', () => {
    const manual = redirected(redirect(302, '/y'), { redirect: 'manual' });
    expect(successResultOf(manual.asked).field('location')).toBe('/y');
    const failing = redirected(redirect(302, '/y'), {}, { redirect: 'error' });
    expect(failureResultOf(failing.asked)).toMatchObject({ rule: 'refused' });
  });

  it('is followed maxRedirects times', () => {
    const { agented, asked } = redirected(redirect(302, '/y'), { maxRedirects: 2 });
    agented.server.answer(redirect(302, '/y'));
    agented.server.answer(redirect(302, '/y'));
    expect(failureResultOf(asked)).toMatchObject({
      code: 'ERR_HTTP_REDIRECT',
      rule: 'limit',
      option: 'maxRedirects',
      limit: 2,
    });
    const none = redirected(redirect(302, '/y'), {}, { maxRedirects: 0 });
    expect(failureResultOf(none.asked)).toMatchObject({ rule: 'limit', limit: 0 });
  });

  it.each([
    ['location', ['http://[']],
    ['location', ['/a', '/b']],
    ['scheme', ['ftp://a/']],
    ['scheme', ['javascript:alert(1)']],
    ['scheme', ['file:///etc/passwd']],
  ])('is not followed because of its %s', (rule, locations) => {
    const { asked } = redirected(redirect(302, ...locations));
    expect(failureResultOf(asked)).toMatchObject({ rule });
  });

  it('may have the same Location twice, and octets of UTF-8', () => {
    expect(redirected(redirect(302, '/y', '/y')).again).toMatch(/^GET \/y /);
    const utf8 = Buffer.from('/é').toString('latin1');
    const { agented, asked } = redirected('');
    agented.server.answer(Buffer.from(redirect(302, utf8), 'latin1'));
    expect(agented.server.sent).toMatch(/^GET \/%C3%A9 /);
    asked.cancel();
    failureResultOf(asked);
  });
});

describe('a redirection to another origin', () => {
  const fields = {
    Authorization: 'Basic x',
    cookie: 'a=b',
    'Proxy-Authorization': 'y',
    Host: 'virtual',
    'X-Api-Key': 'z',
    Accept: 'text/csv',
  };

  it.each(['http://b/', 'http://a:81/', '//b/', 'http://a.b/', 'http://me:secret@b/'])(
    '%s does not get credentials, cookies or Host',
    (location) => {
      const options = { credentialFields: ['x-api-key'] };
      const { again } = redirected(redirect(302, location), { fields }, options);
      expect(again).toMatch(/^GET \/ HTTP\/1.1\r\nHost: [ab.:81]+\r\n/);
      expect(again).toContain('Accept: text/csv\r\n');
      expect(again).not.toMatch(/authorization|cookie|virtual|key|secret/i);
    },
  );

  it('does not get them back', () => {
    const { agented, again } = redirected(redirect(302, 'http://b/'), { fields });
    expect(again).not.toContain('Basic');
    agented.at('http://b').last.answer(redirect(302, 'http://a/'));
    expect(agented.server.sent).not.toMatch(/authorization|cookie|virtual/i);
  });

  it('gets them if it is the same', () => {
    const { again } = redirected(redirect(302, 'http://a:80/'), { fields });
    for (const value of ['Basic x', 'a=b', 'virtual']) expect(again).toContain(value);
  });

  it('does not get a user and password of Location', () => {
    const { again, asked, agented } = redirected(redirect(302, 'http://me:secret@a/y'));
    expect(again).not.toMatch(/authorization|secret/i);
    agented.server.answer(response(''));
    expect(successResultOf(asked).url).toBe('http://a/y');
  });

  it('is followed from https to http only if that is allowed', () => {
    for (const allowInsecureRedirects of [false, true]) {
      const layer = redirects(new ManualClock(), {
        allowInsecureRedirects,
        credentialFields: [],
      });
      const urls: string[] = [];
      const agented = new Agented({
        redirect: 'manual',
        interceptors: [
          (next) => (request) => layer(next)({ ...request, redirect: 'follow' }),
          // The server of the test does not use TLS.
          (next) => (request) => {
            urls.push(request.url.href);
            return next({ ...request, url: new URL('http://a/'), redirect: 'manual' });
          },
        ],
      });
      const asked = agented.agent.get('https://a/');
      agented.server.answer(redirect(302, 'http://b/'));
      if (allowInsecureRedirects) {
        agented.server.answer(response('there'));
        expect(successResultOf(asked).status).toBe(200);
        expect(urls).toEqual(['https://a/', 'http://b/']);
      } else expect(failureResultOf(asked)).toMatchObject({ rule: 'insecure' });
    }
  });
});

describe('the connection of a redirection', () => {
  it('is aborted if its content is long', () => {
    const agented = new Agented();
    const asked = agented.agent.get('http://a/').text();
    const [first] = agented.at('http://a').connections;
    first?.answer('HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Length: 100000\r\n\r\n');
    expect(first?.transport.peerSees).toBe('reset');
    expect(agented.server).not.toBe(first);
    agented.server.answer(response('there'));
    expect(successResultOf(asked)).toBe('there');
  });

  it('is aborted if its content comes slowly', () => {
    const agented = new Agented();
    const asked = agented.agent.get('http://a/').text();
    const [first] = agented.at('http://a').connections;
    first?.answer('HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Length: 10000\r\n\r\n');
    for (let n = 0; n < 5 && first?.transport.peerSees === 'open'; n++) {
      first.answer('x');
      agented.advance(250);
    }
    first?.transport.settle();
    expect(first?.transport.peerSees).toBe('reset');
    agented.server.answer(response('there'));
    expect(successResultOf(asked)).toBe('there');
  });

  it('is given up with the request, which is not sent on', () => {
    const agented = new Agented();
    const asked = agented.agent.get('http://a/');
    agented.server.answer('HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Length: 3\r\n\r\n');
    asked.cancel();
    expect(failureResultOf(asked)).toBeInstanceOf(CancelledError);
    agented.server.answer('abc');
    expect(agented.server.sent).not.toContain('GET /y');
  });

  it('is bounded by the total time of the request', () => {
    const agented = new Agented({ totalTimeoutMs: 3_000 });
    const asked = agented.agent.get('http://a/').text();
    for (let second = 0; second < 4; second++) {
      agented.advance(1_000);
      if (agented.server.transport.peerSees === 'open') agented.server.answer(redirect(302, '/y'));
    }
    expect(failureResultOf(asked)).toMatchObject({ option: 'totalTimeoutMs', limit: 3_000 });
  });
});

function successResultOrUndefined(asked: { readonly fired: boolean }): unknown {
  return asked.fired ? asked : undefined;
}
