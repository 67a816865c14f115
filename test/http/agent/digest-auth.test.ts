/** Digest authentication: answers that others have computed, challenges of our own guard, and the use of nonces. */
import { describe, expect, it } from 'vitest';
import { parseAuthChallenges } from '../../../src/cred/exchanges/auth-challenges.js';
import { digestChallenge, digestField } from '../../../src/cred/exchanges/digest-authorization.js';
import {
  type DigestAlgorithm,
  DigestChallenges,
  type DigestChallengesOptions,
  MemoryChecker,
} from '../../../src/cred/index.js';
import type { AgentOptions, AgentRequestOptions } from '../../../src/http/index.js';
import { successResultOf } from '../../../src/testing/index.js';
import { response, type ServerEnd } from '../client/memory-servers.js';
import { Agented } from './memory-agent.js';

const AUTH = { scheme: 'digest', username: 'Mufasa', password: 'Circle of Life' } as const;

/** The parameters of an Authorization field, without those of the form. */
function answerIn(sent: string): Map<string, string> {
  const field = /^authorization: (.*)\r$/im.exec(sent)?.[1] ?? '';
  return new Map(parseAuthChallenges([field])[0]?.params ?? []);
}

describe('the answers', () => {
  it.each([
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ])('are those of RFC 7616 section 3.9.1: %s', (algorithm, expected) => {
    const [first, second] = parseAuthChallenges([
      'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
      'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
    ]);
    const challenge = digestChallenge((algorithm === 'MD5' ? second : first)?.params ?? new Map());
    const field = digestField(challenge, {
      ...AUTH,
      method: 'GET',
      uri: '/dir/index.html',
      qop: 'auth',
      cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
      count: 1,
      body: '',
    });
    expect(field).toContain(`response="${expected}"`);
    expect(field).toContain('opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"');
  });

  it('have the hashed name of RFC 7616 section 3.9.2', () => {
    const challenge = digestChallenge(
      new Map([
        ['realm', 'api@example.org'],
        ['qop', 'auth'],
        ['algorithm', 'SHA-512-256'],
        ['nonce', '5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK'],
        ['userhash', 'true'],
      ]),
    );
    const field = digestField(challenge, {
      username: 'Jäsøn Doe',
      password: 'Secret, or not?',
      method: 'GET',
      uri: '/doe.json',
      qop: 'auth',
      cnonce: 'NTg6RKcb9boFIAS3KrFK9BGeh+niz/sm',
      count: 1,
      body: '',
    });
    // As in the erratum 4897: the RFC's own value is that of SHA-512 cut off.
    expect(field).toContain(
      'username="793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b", userhash=true',
    );
  });

  // Computed by curl 7.88 for alice with the password "pa55 wörd".
  it.each([
    [
      'MD5',
      false,
      'ZWY5YjRmNzA2NjUzN2Q1YTRiZDRmOTEwNTNmMjA1N2I=',
      '3f36f243cb8bb096b30fb52eb9b5867f',
    ],
    [
      'MD5-sess',
      true,
      'MGVjMjZkZWFiMGU3MmIxMjBkZTdlNjljYTUyNjM2MmI=',
      'f53e63969d6b895c3f5340143cc24d91',
    ],
    [
      'SHA-256',
      true,
      'NzQ4NDUxYWZkZjI2OTgxMWNkNzc3MjA1YzkwY2FmNTc=',
      '83e55b94dd50dca3f64a0b46ebc5dc84698f65d71372a528e1626cfb771ed669',
    ],
    [
      'SHA-256-sess',
      false,
      'NmQwZjhmYWVjNzEwYTQzYjUyY2RjODM4ZjU1ZjVlMjQ=',
      '0b35af6e7d285d567f07531e62b916eba90d86c4fb2b2019c4034d4b0e13c9b8',
    ],
  ])('are those of curl: %s, userhash %s', (algorithm, userhash, cnonce, expected) => {
    const [offer] = parseAuthChallenges([
      `Digest realm="files", qop="auth,auth-int", algorithm=${algorithm}, nonce="dGVzdA==", opaque="b3BhcXVl"${userhash ? ', userhash=true' : ''}`,
    ]);
    const field = digestField(digestChallenge(offer?.params ?? new Map()), {
      username: 'alice',
      password: 'pa55 wörd',
      method: 'GET',
      uri: '/a?b=c',
      qop: 'auth',
      cnonce,
      count: 1,
      body: '',
    });
    expect(field).toContain(`response="${expected}"`);
  });
});

describe('challenges in fields', () => {
  it.each([
    ['Basic realm="a, b=c", Digest realm="x", nonce="n"', ['basic', 'digest']],
    ['Negotiate YWJj==, Basic realm=x', ['negotiate', 'basic']],
    ['Negotiate', ['negotiate']],
    [', ,Digest nonce = "a\\"b" ,, Bearer', ['digest', 'bearer']],
    ['Basic realm="x", Digest realm="unfinished', ['basic']],
    ['Digest a=1, a=2', []],
    ['"nothing"', []],
    ['', []],
  ])('%s', (field, schemes) => {
    expect(parseAuthChallenges([field]).map(({ scheme }) => scheme)).toEqual(schemes);
  });

  it('are bounded', () => {
    expect(parseAuthChallenges([`Basic realm="${'x'.repeat(9_000)}"`])).toEqual([]);
    expect(parseAuthChallenges(['A, '.repeat(40)])).toHaveLength(16);
    const many = Array.from({ length: 40 }, (_, at) => `p${at}=1`).join(', ');
    expect(parseAuthChallenges([`Basic realm=x, Digest ${many}`])).toHaveLength(1);
  });
});

/** A server in memory with our own guard. */
class Guarded {
  readonly agented: Agented;
  readonly challenges: DigestChallenges;
  readonly #checker = new MemoryChecker({ Mufasa: AUTH.password, 'Jäsøn: no': 'x', Jäsøn: 'pä' });
  /** For each request: whether it had credentials, and the status. */
  readonly log: string[] = [];

  constructor(options: Partial<DigestChallengesOptions> = {}, ofAgent: AgentOptions = {}) {
    this.agented = new Agented(ofAgent);
    const clock = this.agented.reactor;
    this.challenges = new DigestChallenges({ realm: 'the Sävanna', clock, ...options });
  }

  /** Sends a request, and answers all that reach the server. */
  get(options: AgentRequestOptions = {}, path = '/x?y=z'): number {
    const asked = this.agented.agent.request(`http://a${path}`, { auth: AUTH, ...options });
    for (;;) {
      const { server } = this.agented;
      const { sent } = server;
      if (sent === '') break;
      this.#answer(server, sent);
    }
    const answer = successResultOf(asked);
    answer.discard();
    return answer.status;
  }

  #answer(server: ServerEnd, sent: string): void {
    const [, method = '', uri = ''] = /^(\S+) (\S+)/.exec(sent) ?? [];
    const field = /^authorization: (.*)\r$/im.exec(sent)?.[1];
    const body = sent.slice(sent.indexOf('\r\n\r\n') + 4);
    let isStale = false;
    try {
      if (field === undefined) throw new Error('none');
      const text = Buffer.from(field, 'latin1').toString();
      const user = this.#checker.requestAvatarId(
        this.challenges.decode(text, { method, uri, body }),
      );
      this.log.push(`${user} 200`);
      server.answer(response('in'));
      return;
    } catch (error) {
      isStale = (error as { code?: string }).code === 'ERR_STALE_NONCE';
    }
    this.log.push(`${field === undefined ? 'none' : 'some'} 401`);
    const lines = this.challenges.fields(isStale).map((line) => `WWW-Authenticate: ${line}\r\n`);
    const head = Buffer.from(lines.join('')).toString('latin1');
    server.answer(Buffer.from(`HTTP/1.1 401 No\r\n${head}Content-Length: 2\r\n\r\nno`, 'latin1'));
  }
}

describe('an agent with Digest', () => {
  it('answers a challenge, and then sends credentials with each request', () => {
    const guarded = new Guarded();
    expect([guarded.get(), guarded.get(), guarded.get({ method: 'POST', content: 'x' })]).toEqual([
      200, 200, 200,
    ]);
    expect(guarded.log).toEqual(['none 401', 'Mufasa 200', 'Mufasa 200', 'Mufasa 200']);
    expect(guarded.agented.at('http://a').connections).toHaveLength(1);
  });

  it.each<DigestAlgorithm>([
    'MD5',
    'MD5-sess',
    'SHA-256',
    'SHA-256-sess',
    'SHA-512-256',
    'SHA-512-256-sess',
  ])('uses %s for several requests', (algorithm) => {
    const guarded = new Guarded({ algorithms: [algorithm] });
    expect([guarded.get(), guarded.get()]).toEqual([200, 200]);
    expect(guarded.log).toEqual(['none 401', 'Mufasa 200', 'Mufasa 200']);
  });

  it('takes the strongest algorithm, wherever it is in the list', () => {
    const guarded = new Guarded({ algorithms: ['MD5', 'SHA-256', 'SHA-512-256', 'SHA-256-sess'] });
    const asked = guarded.agented.agent.get('http://a/', { auth: AUTH });
    const { server } = guarded.agented;
    server.sent;
    const lines = guarded.challenges.fields().join(', ');
    server.answer(
      Buffer.from(
        `HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm="x", ${lines}\r\nContent-Length: 2\r\n\r\nno`,
      ),
    );
    expect(answerIn(server.sent).get('algorithm')).toBe('SHA-512-256');
    asked.cancel();
    asked.addErrback(() => undefined);
  });

  it('covers content with auth-int, if it is text or bytes', () => {
    const guarded = new Guarded({ qop: ['auth-int'] });
    expect(guarded.get({ method: 'PUT', content: 'hello' })).toBe(200);
    expect(guarded.get({ method: 'PUT', content: Buffer.from('bytes') })).toBe(200);
    expect(guarded.get()).toBe(200);
  });

  it('gives a wrong password up after one answer', () => {
    const guarded = new Guarded();
    const auth = { ...AUTH, password: 'wrong' };
    expect(guarded.get({ auth })).toBe(401);
    expect(guarded.log).toEqual(['none 401', 'some 401']);
    expect(guarded.get()).toBe(200);
  });

  it('takes another nonce when its own is stale', () => {
    const guarded = new Guarded({ nonceLifetimeMs: 1_000 });
    guarded.get();
    guarded.agented.advance(2_000);
    expect(guarded.get()).toBe(200);
    expect(guarded.log.slice(2)).toEqual(['some 401', 'Mufasa 200']);
  });

  it('does not use the nonce of another password, or another user', () => {
    const guarded = new Guarded();
    guarded.get();
    guarded.get({ auth: { ...AUTH, username: 'Jäsøn', password: 'pä' } });
    guarded.get({ auth: { ...AUTH, password: 'wrong' } });
    expect(guarded.log.slice(2)).toEqual(['none 401', 'Jäsøn 200', 'none 401', 'some 401']);
  });

  it('returns the challenge if pieces cannot be sent again, and sends them if there is a nonce', async () => {
    const guarded = new Guarded();
    const { agent } = guarded.agented;
    const asked = agent.put('http://a/', { auth: AUTH, content: ['once'] });
    const { server } = guarded.agented;
    await new Promise(setImmediate);
    server.sent;
    const [line = ''] = guarded.challenges.fields();
    const head = Buffer.from(`WWW-Authenticate: ${line}`).toString('latin1');
    server.answer(Buffer.from(`HTTP/1.1 401 No\r\n${head}\r\nContent-Length: 0\r\n\r\n`, 'latin1'));
    expect(successResultOf(asked).status).toBe(401);
    guarded.get();
    agent.put('http://a/', { auth: AUTH, content: ['once'] }).addErrback(() => undefined);
    await new Promise(setImmediate);
    expect(answerIn(server.sent).get('nc')).toBe('00000002');
  });

  it('counts anew with the next nonce that the server gives', () => {
    const agented = new Agented();
    const challenge = 'Digest realm="r", qop="auth", nonce="one", domain="/in /also http://other/"';
    const ask = (path: string): Map<string, string> => {
      agented.agent.get(`http://a${path}`, { auth: AUTH }).drain();
      return answerIn(agented.server.sent);
    };
    expect(ask('/in').size).toBe(0);
    agented.server.answer(
      `HTTP/1.1 401 No\r\nWWW-Authenticate: ${challenge}\r\nContent-Length: 0\r\n\r\n`,
    );
    expect(answerIn(agented.server.sent).get('nonce')).toBe('one');
    agented.server.answer(response('', 'Authentication-Info: qop=auth, nextnonce="two"'));
    const next = ask('/in/side');
    expect([next.get('nonce'), next.get('nc')]).toEqual(['two', '00000001']);
    agented.server.answer(response('', 'Authentication-Info: garbage"'));
    expect(ask('/also').get('nc')).toBe('00000002');
    agented.server.answer(response(''));
    // The server has said where it expects this user.
    expect(ask('/outside').size).toBe(0);
  });

  it('sends nothing to another origin', () => {
    const guarded = new Guarded();
    guarded.get();
    const { agented } = guarded;
    const asked = agented.agent.get('http://a/', { auth: AUTH });
    expect(answerIn(agented.server.sent).size).toBeGreaterThan(0);
    agented.server.answer('HTTP/1.1 302 Go\r\nLocation: http://b/\r\nContent-Length: 0\r\n\r\n');
    const other = agented.at('http://b').last;
    expect(other.sent).not.toMatch(/authorization/i);
    other.answer(
      'HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm="r", qop="auth", nonce="n"\r\nContent-Length: 0\r\n\r\n',
    );
    expect(successResultOf(asked).status).toBe(401);
  });

  it.each([
    'Digest realm="r", nonce="n"',
    'Digest realm="r", nonce="n", qop="auth-conf"',
    'Digest realm="r", nonce="n", qop="auth", algorithm=SHA-1',
    'Digest qop="auth", nonce="n"',
    'Digest realm="r", qop="auth", nonce="n", nonce="m"',
    'Basic realm="r"',
    'Digest',
  ])('does not answer %s', (challenge) => {
    const agented = new Agented();
    const asked = agented.agent.get('http://a/', { auth: AUTH });
    agented.server.sent;
    agented.server.answer(
      `HTTP/1.1 401 No\r\nWWW-Authenticate: ${challenge}\r\nContent-Length: 0\r\n\r\n`,
    );
    expect(successResultOf(asked).status).toBe(401);
  });

  it('stops if the server calls each nonce stale', () => {
    const agented = new Agented();
    const asked = agented.agent.get('http://a/', { auth: AUTH });
    let count = 0;
    while (agented.server.sent !== '') {
      count += 1;
      agented.server.answer(
        `HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm="r", qop="auth", nonce="${count}", stale=TRUE\r\nContent-Length: 2\r\n\r\nno`,
      );
    }
    expect([count, successResultOf(asked).status]).toEqual([3, 401]);
  });

  it('belongs to the origin of baseURL, as Basic does', () => {
    const agented = new Agented({ baseURL: 'http://a/', auth: AUTH });
    const asked = agented.agent.get('/');
    agented.server.sent;
    agented.server.answer(
      'HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm="r", qop=auth, nonce="n"\r\nContent-Length: 0\r\n\r\n',
    );
    expect(answerIn(agented.server.sent).get('username')).toBe('Mufasa');
    agented.server.answer(response('in'));
    expect(successResultOf(asked).status).toBe(200);
    agented.agent.get('/', { auth: false }).drain();
    expect(answerIn(agented.server.sent).size).toBe(0);
    expect(() => agented.agent.get('/', { auth: { ...AUTH, scheme: 'ntlm' as 'digest' } })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
  });
});
