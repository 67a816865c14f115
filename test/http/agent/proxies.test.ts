/** Requests of an agent through proxies, in memory. */
import { describe, expect, it } from 'vitest';
import {
  type AgentCall,
  type AgentOptions,
  HTTPTunnelError,
  proxyFromEnvironment,
} from '../../../src/http/index.js';
import { ConnectTimeoutError, InvalidArgumentValueError } from '../../../src/index.js';
import { failureResultOf, successResultOf } from '../../../src/testing/index.js';
import { response, type ServerEnd } from '../client/memory-servers.js';
import { Agented, DEFAULTS } from './memory-agent.js';

const PROXY = 'http://p:3128';
const LOGIN = 'http://al%40ice:s%3Acret@p:3128';
/** Of `al@ice` and `s:cret`. */
const BASIC = 'Basic YWxAaWNlOnM6Y3JldA==';

function drop(call: AgentCall): void {
  call.addErrback(() => undefined);
  call.cancel();
}

class Proxied extends Agented {
  constructor(options: AgentOptions = {}) {
    super({ proxy: PROXY, ...options });
  }

  get proxy(): ServerEnd {
    return this.at(PROXY).last;
  }
}

describe('an HTTP proxy', () => {
  it('gets requests with http: in absolute form, over kept connections of each origin', () => {
    const proxied = new Proxied();
    const first = proxied.agent.get('http://a/x?y#z').text();
    expect(proxied.proxy.sent).toBe(`GET http://a/x?y HTTP/1.1\r\nHost: a\r\n${DEFAULTS}\r\n`);
    proxied.proxy.answer(response('1'));
    expect(successResultOf(first)).toBe('1');
    const second = proxied.agent.post('http://a/', { content: 'c' }).text();
    expect(proxied.proxy.sent).toMatch(
      /^POST http:\/\/a\/ HTTP\/1\.1\r\nHost: a\r\n[\s\S]*\r\n\r\nc$/,
    );
    proxied.proxy.answer(response('2'));
    expect(successResultOf(second)).toBe('2');
    expect(proxied.at(PROXY).connections).toHaveLength(1);
    drop(proxied.agent.get('http://b:81/'));
    expect(proxied.at(PROXY).connections).toHaveLength(2);
    expect([...proxied.servers.keys()]).toEqual([PROXY]);
  });

  it('gets its user and password with such requests, also those that wait for permission', () => {
    const proxied = new Proxied({ proxy: LOGIN });
    proxied.agent.get('http://a/', { fields: { 'proxy-authorization': 'Basic eDp5' } });
    expect(proxied.proxy.sent).toBe(
      `GET http://a/ HTTP/1.1\r\nHost: a\r\n${DEFAULTS}Proxy-Authorization: ${BASIC}\r\n\r\n`,
    );
    proxied.agent.put('http://a/', { content: 'c', continueTimeoutMs: 1_000 });
    expect(proxied.proxy.sent).toContain(`\r\nProxy-Authorization: ${BASIC}\r\n`);
  });

  it('opens a tunnel for https:, and its credentials stay outside of it', () => {
    const proxied = new Proxied({ proxy: LOGIN });
    const asked = proxied.agent.get('https://a/secret');
    expect(proxied.proxy.sent).toBe(
      `CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\nProxy-Authorization: ${BASIC}\r\n\r\n`,
    );
    proxied.proxy.answer('HTTP/1.1 200 OK\r\n\r\n');
    // A record of a TLS handshake.
    expect(proxied.proxy.transport.written.subarray(0, 2)).toEqual(Buffer.from([0x16, 0x03]));
    drop(asked);
  });

  it('is left by a redirection to a host that has none, without its credentials', () => {
    const proxied = new Proxied({
      proxy: ({ hostname }) => (hostname === 'a' ? LOGIN : undefined),
    });
    const asked = proxied.agent.get('http://a/').text();
    expect(proxied.proxy.sent).toContain('Proxy-Authorization');
    proxied.proxy.answer('HTTP/1.1 302 Found\r\nLocation: http://b/\r\nContent-Length: 0\r\n\r\n');
    expect(proxied.at('http://b').last.sent).toBe(`GET / HTTP/1.1\r\nHost: b\r\n${DEFAULTS}\r\n`);
    proxied.at('http://b').last.answer(response('direct'));
    expect(successResultOf(asked)).toBe('direct');
  });

  it.each([
    ['a proxy', () => 'http://p:3128'],
    ['none', () => undefined],
  ])('does not mix connections of hosts with %s and another', (_name, second) => {
    const choices = [PROXY, second(), 'http://q:1'];
    const proxied = new Proxied({ proxy: () => choices.shift() });
    for (let at = 0; at < 3; at++) drop(proxied.agent.get('http://a/'));
    const counts = [...proxied.servers].map(([origin, { connections }]) => [
      origin,
      connections.length,
    ]);
    const expected =
      second() === undefined
        ? [
            [PROXY, 1],
            ['http://a', 1],
          ]
        : [[PROXY, 2]];
    expect(counts).toEqual([...expected, ['http://q:1', 1]]);
  });

  it('refuses a tunnel: the error has its facts, and nothing is sent to the origin', () => {
    const proxied = new Proxied();
    const asked = proxied.agent.post('https://a:8443/x', { content: 'secret' });
    const challenge = 'Proxy-Authenticate: Basic realm="p"\r\nProxy-Authenticate: Digest x="y"\r\n';
    proxied.proxy.answer(`HTTP/1.1 407 Who\r\n${challenge}Content-Length: 9\r\n\r\nnot here!`);
    const error = failureResultOf(asked) as unknown as HTTPTunnelError;
    expect(error).toBeInstanceOf(HTTPTunnelError);
    expect(error).toMatchObject({
      code: 'ERR_HTTP_TUNNEL',
      status: 502,
      proxyStatus: 407,
      reason: 'Who',
      challenges: ['Basic realm="p"', 'Digest x="y"'],
      host: 'a',
      port: 8443,
      message: 'the HTTP proxy answered CONNECT with 407 Who: a:8443',
    });
    expect(proxied.proxy.transport.text).not.toContain('secret');
    expect(proxied.agent.counts).toMatchObject({ connections: 0, connecting: 0 });
  });

  it('answers requests with http: itself: 407 is a response', () => {
    const proxied = new Proxied();
    const asked = proxied.agent.get('http://a/');
    proxied.proxy.answer('HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n');
    expect(successResultOf(asked).status).toBe(407);
  });

  it.each([
    ['a head without end', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}`, 'ERR_HTTP_LIMIT'],
    ['too many heads', 'HTTP/1.1 103 E\r\n\r\n'.repeat(17), 'ERR_HTTP_LIMIT'],
    ['another protocol', '\x05\x00', 'ERR_INVALID_HTTP_MESSAGE'],
    ['a switch of protocols', 'HTTP/1.1 101 S\r\n\r\n', 'ERR_INVALID_HTTP_MESSAGE'],
  ])('that answers with %s fails the request', (_name, answer, code) => {
    const proxied = new Proxied();
    const asked = proxied.agent.get('https://a/');
    proxied.proxy.answer(answer);
    expect(failureResultOf(asked)).toMatchObject({ code });
    expect(proxied.proxy.transport.peerSees).toBe('reset');
  });

  it('that says nothing, or closes, fails the request', () => {
    const silent = new Proxied({ connectTimeoutMs: 2_000 });
    const asked = silent.agent.get('https://a/');
    silent.advance(2_500);
    expect(failureResultOf(asked)).toMatchObject({ option: 'connectTimeoutMs', limit: 2_000 });
    silent.proxy.transport.settle();
    expect(silent.proxy.transport.peerSees).toBe('reset');
    const closing = new Proxied({ connectTimeoutMs: 100_000 });
    const [lost, late] = [closing.agent.get('https://a/'), closing.agent.get('https://b/')];
    closing.at(PROXY).connections[0]?.close();
    expect(failureResultOf(lost)).toMatchObject({ code: 'ERR_CONNECT', host: 'a', port: 443 });
    closing.advance(62_000);
    expect(failureResultOf(late)).toBeInstanceOf(ConnectTimeoutError);
  });

  it('is tried again with retries', () => {
    const proxied = new Proxied({ retries: 1, retryDelayMs: 100, random: () => 0 });
    const asked = proxied.agent.get('https://a/');
    proxied.proxy.answer('HTTP/1.1 503 Busy\r\n\r\n');
    proxied.advance(500);
    expect(proxied.at(PROXY).connections).toHaveLength(2);
    proxied.proxy.answer('HTTP/1.1 502 Lost\r\n\r\n');
    expect(failureResultOf(asked)).toMatchObject({ proxyStatus: 502 });
  });
});

describe('a SOCKS proxy', () => {
  it('carries http: and https:, by the name of the host', () => {
    const proxied = new Agented({ proxy: 'socks5h://p' });
    const asked = proxied.agent.get('http://a/x').text();
    const proxy = proxied.at('null').last;
    expect(proxy.sent).toBe('\x05\x01\x00');
    proxy.answer(Buffer.from([5, 0]));
    expect(proxy.sent).toBe('\x05\x01\x00\x03\x01a\x00\x50');
    proxy.answer(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
    expect(proxy.sent).toBe(`GET /x HTTP/1.1\r\nHost: a\r\n${DEFAULTS}\r\n`);
    proxy.answer(response('by SOCKS'));
    expect(successResultOf(asked)).toBe('by SOCKS');
    drop(proxied.agent.get('https://a/'));
    expect(proxied.at('null').connections).toHaveLength(2);
  });

  it.each([
    ['socks4a://al@p', '\x04\x01\x00\x50\x00\x00\x00\x01al\x00a\x00'],
    ['socks5h://al:pw@p', '\x05\x02\x00\x02'],
  ])('gets the user of %s', (proxy, sent) => {
    const proxied = new Agented({ proxy });
    proxied.agent.get('http://a/');
    expect(proxied.at('null').last.sent).toBe(sent);
  });

  it('never gets Proxy-Authorization', () => {
    const proxied = new Agented({ proxy: 'socks4a://p' });
    proxied.agent.get('http://a/', { fields: { 'Proxy-Authorization': 'Basic eDp5' } });
    const proxy = proxied.at('null').last;
    proxy.sent;
    proxy.answer(Buffer.from([0, 90, 0, 0, 0, 0, 0, 0]));
    expect(proxy.sent).toBe(`GET / HTTP/1.1\r\nHost: a\r\n${DEFAULTS}\r\n`);
  });
});

describe('the option proxy', () => {
  it.each([
    ['ftp://p', 'another scheme'],
    ['p:3128', 'no scheme'],
    ['http://', 'no host'],
    ['http://p:0', 'the port 0'],
    ['http://p/path', 'a path'],
    ['http://u:hunter2@p/?q', 'a query'],
    ['http://u%ff:hunter2@p', 'an encoding that is not UTF-8'],
    ['gopher://u:hunter2@p', 'another scheme and a password'],
  ])('is refused as %s, which has %s, without its password', (proxy) => {
    expect(() => new Agented({ proxy })).toThrow(InvalidArgumentValueError);
    expect(() => new Agented({ proxy })).not.toThrow(/hunter2/);
    const chosen = new Agented({ proxy: () => proxy });
    expect(() => chosen.agent.get('http://a/')).toThrow(InvalidArgumentValueError);
  });

  it('that chooses none keeps Proxy-Authorization from the origin', () => {
    const agented = new Agented({
      proxy: ({ hostname }) => (hostname === 'a' ? undefined : PROXY),
      fields: { 'Proxy-Authorization': 'Basic eDp5' },
    });
    for (const continueTimeoutMs of [undefined, 100]) {
      const content = continueTimeoutMs === undefined ? {} : { content: ['x'], continueTimeoutMs };
      drop(agented.agent.post('http://a/', content));
    }
    for (const { sent } of agented.at('http://a').connections) {
      expect(sent).not.toContain('eDp5');
    }
    agented.agent.get('http://b/');
    expect(agented.at(PROXY).last.sent).toContain('Proxy-Authorization: Basic eDp5');
  });

  it('is needed by proxyTLS', () => {
    expect(() => new Agented({ proxyTLS: {} })).toThrow('proxyTLS');
  });

  it('is called for each request and redirection', () => {
    const urls: string[] = [];
    const agented = new Agented({
      proxy: ({ href }) => {
        urls.push(href);
        return undefined;
      },
    });
    agented.agent.get('http://a/1');
    agented.server.answer('HTTP/1.1 302 F\r\nLocation: /2\r\nContent-Length: 0\r\n\r\n');
    expect(urls).toEqual(['http://a/1', 'http://a/2']);
  });

  it('remembers as many proxies as maxOrigins says', () => {
    let count = 0;
    const proxied = new Agented({ proxy: () => `http://p${count++ % 3}`, maxOrigins: 2 });
    for (let at = 0; at < 6; at++) drop(proxied.agent.get('http://a/'));
    // Each origin was made anew.
    expect(proxied.servers.size).toBe(3);
    expect(proxied.at('http://p0').connections).toHaveLength(2);
  });
});

describe('proxyFromEnvironment', () => {
  const chosen = (env: Record<string, string>, ...urls: string[]): (string | undefined)[] =>
    urls.map((url) => {
      const proxy = proxyFromEnvironment(env)(new URL(url));
      return proxy === undefined ? undefined : String(proxy);
    });

  it.each<[string, Record<string, string>, string | undefined, string | undefined]>([
    ['nothing', {}, undefined, undefined],
    ['http_proxy', { http_proxy: 'http://p' }, 'http://p', undefined],
    ['https_proxy', { https_proxy: 'http://p' }, undefined, 'http://p'],
    ['all_proxy', { all_proxy: 'socks5h://p' }, 'socks5h://p', 'socks5h://p'],
    ['upper case', { HTTP_PROXY: 'http://p', HTTPS_PROXY: 'http://q' }, 'http://p', 'http://q'],
    ['ALL_PROXY', { ALL_PROXY: 'http://p', https_proxy: 'http://q' }, 'http://p', 'http://q'],
    ['both cases', { http_proxy: 'http://p', HTTP_PROXY: 'http://q' }, 'http://p', undefined],
    ['no scheme', { http_proxy: 'p:3128' }, 'http://p:3128', undefined],
    [
      'empty values',
      { http_proxy: ' ', HTTP_PROXY: 'http://p', no_proxy: '' },
      'http://p',
      undefined,
    ],
    ['CGI', { HTTP_PROXY: 'http://evil', REQUEST_METHOD: 'GET' }, undefined, undefined],
    [
      'CGI, others',
      { HTTPS_PROXY: 'http://p', GATEWAY_INTERFACE: 'CGI/1.1' },
      undefined,
      'http://p',
    ],
  ])('chooses by %s', (_name, env, http, https) => {
    expect(chosen(env, 'http://a/', 'https://a/')).toEqual([http, https]);
  });

  it.each([
    ['*', ['http://a/', 'http://[::1]/'], []],
    [
      'a',
      ['http://a/', 'http://x.a/', 'http://A./', 'http://a:81/'],
      ['http://ba/', 'http://a.b/'],
    ],
    ['.a.b, *.c', ['http://a.b/', 'http://x.a.b/', 'http://c/', 'http://x.c/'], ['http://b/']],
    ['a:81 b', ['http://a:81/', 'http://b/'], ['http://a/', 'http://a:8/']],
    ['a:80,b:443', ['http://a/', 'https://b/'], ['https://a/', 'http://b/']],
    ['10.0.0.0/8', ['http://10.1.2.3/'], ['http://11.0.0.1/', 'http://10.a/']],
    ['127.0.0.1:81', ['http://127.1:81/'], ['http://127.0.0.1/']],
    ['::1,fe80::/10', ['http://[::1]/', 'http://[fe80::1]:8/'], ['http://[::2]/']],
    ['[::1]:81,[::2]', ['http://[::1]:81/', 'http://[::2]/'], ['http://[::1]/']],
    ['0.0.1', [], ['http://127.0.0.1/']],
    ['10.0.0.0/33, 10.0.0.0/x, :, ., [', [], ['http://10.0.0.0/', 'http://a/']],
  ])('leaves out the hosts of no_proxy=%s', (list, direct, others) => {
    for (const name of ['no_proxy', 'NO_PROXY']) {
      const env = { http_proxy: 'http://p', https_proxy: 'http://p', [name]: list };
      expect(chosen(env, ...direct)).toEqual(direct.map(() => undefined));
      expect(chosen(env, ...others)).toEqual(others.map(() => 'http://p'));
    }
  });

  it('refuses variables that name no proxy, without their password', () => {
    const env = { HTTPS_PROXY: 'gopher://u:hunter2@p' };
    expect(() => proxyFromEnvironment(env)).toThrow(/HTTPS_PROXY/);
    expect(() => proxyFromEnvironment(env)).not.toThrow(/hunter2/);
  });

  it('reads the environment of the process', () => {
    expect(typeof proxyFromEnvironment()).toBe('function');
  });
});
