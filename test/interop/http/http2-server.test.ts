/** The server's HTTP/2 with curl, nghttp and h2load. */
import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { HTTPFactory } from '../../../src/http/index.js';
import type { Reactor } from '../../../src/index.js';
import { listenTLS, selfSignedCertificate } from '../../../src/tls/index.js';
import { REACTORS } from '../../support/reactors.js';

const HOST = '127.0.0.1';
const identity = await selfSignedCertificate();
const run = promisify(execFile);
const lacks = (program: string): boolean => spawnSync(program, ['--version']).status !== 0;

const reactors: Reactor[] = [];

afterEach(async () => {
  for (const reactor of reactors.splice(0)) await reactor[Symbol.asyncDispose]();
});

describe.each(REACTORS)('HTTP/2 on $name', ({ make }) => {
  function serve(secure: boolean): string {
    const reactor = make();
    reactors.push(reactor);
    const factory = new HTTPFactory(reactor, async (request, response) => {
      const { length } = await request.bytes();
      response.setTrailer('Sum', String(length));
      response.end(`${request.version} ${length}`);
    });
    const port = secure
      ? listenTLS(reactor, 0, factory, { identity }, { interface: HOST })
      : reactor.listenTCP(0, factory, { interface: HOST });
    return `${secure ? 'https' : 'http'}://${HOST}:${port.getHost().port}/`;
  }

  it.skipIf(lacks('curl')).each([
    ['--http2', true],
    ['--http2-prior-knowledge', false],
  ])('answers curl %s', async (option, secure) => {
    const url = serve(secure);
    const content = 'x'.repeat(100_000);
    const { stdout } = await run('curl', ['-sk', option, '--data-binary', content, url]);
    expect(stdout).toBe('2.0 100000');
  });

  it.skipIf(lacks('curl'))('ignores the Upgrade to h2c', async () => {
    const { stdout } = await run('curl', ['-sk', '--http2', serve(false)]);
    expect(stdout).toBe('1.1 0');
  });

  it.skipIf(lacks('nghttp')).each([true, false])('answers nghttp, over TLS: %s', async (secure) => {
    const { stdout } = await run('nghttp', ['-v', '--no-verify-peer', serve(secure)]);
    expect(stdout).toMatch(/:status: 200/);
    expect(stdout).toMatch(/sum: 0/);
    expect(stdout).toContain('2.0 0');
  });

  it.skipIf(lacks('h2load'))('answers h2load', async () => {
    const { stdout } = await run('h2load', ['-n', '2000', '-c', '4', '-m', '50', serve(false)]);
    expect(stdout).toMatch(/2000 succeeded, 0 failed/);
  });
});
