/** Own certificates and keys with a fault, and contexts of the wrong role. */
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  InvalidArgumentTypeError,
  InvalidHostNameError,
  Protocol,
  TLSContextError,
  wrapClientTLS,
  wrapServerTLS,
} from '../../src/index.js';
import { captureLoggedErrors, MemoryReactor, MemoryTransport } from '../../src/testing/index.js';
import {
  connectTLS,
  listenTLS,
  TLSClientContext,
  TLSClientFactory,
  TLSServerContext,
  TLSServerFactory,
} from '../../src/tls/index.js';
import { authority, clientContext, identity, serverContext } from './secured.js';

describe('an own certificate', () => {
  const dates = '[-0-9T:.]+Z to [-0-9T:.]+Z';

  it.each([
    [{ from: -30, to: -1 }, 'has expired'],
    [{ from: 1, to: 30 }, 'is not valid yet'],
  ])('with the dates %j is reported once, with them', async (validity, fault) => {
    const outdated = await authority.issue('outdated', validity);
    using errors = captureLoggedErrors();
    const context = new TLSServerContext({
      identity: outdated,
      serverNames: { 'a.example': outdated },
    });
    context.reload();
    const pattern = `identity.certificate ${fault} \\(CN=outdated, ${dates}\\): peers refuse it`;
    expect(errors.flush('ERR_TLS_CONTEXT')).toEqual([
      expect.objectContaining({
        error: expect.objectContaining({ message: expect.stringMatching(pattern) }),
      }),
    ]);
  });

  it('is reported if reload brings one that has expired', async () => {
    const outdated = await authority.issue('later', { from: -30, to: -1 });
    using errors = captureLoggedErrors();
    const context = new TLSServerContext({ identity });
    expect(errors.flush('ERR_TLS_CONTEXT')).toEqual([]);
    context.reload({ identity: outdated });
    expect(errors.flush('ERR_TLS_CONTEXT')).toHaveLength(1);
  });

  it('is reported if it is in PKCS #12', async ({ skip }) => {
    const outdated = await authority.issue('packed', { from: -30, to: -1 });
    const folder = mkdtempSync(join(tmpdir(), 'ropewalk-tls-'));
    try {
      writeFileSync(join(folder, 'both.pem'), `${outdated.key}${outdated.certificate}`);
      const args = ['pkcs12', '-export', '-in', 'both.pem', '-out', 'x.p12', '-passout', 'pass:x'];
      try {
        execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
      } catch {
        skip('the openssl command is not installed');
      }
      using errors = captureLoggedErrors();
      new TLSServerContext({ identity: { pfxFile: join(folder, 'x.p12'), passphrase: 'x' } });
      expect(errors.flush('ERR_TLS_CONTEXT')).toHaveLength(1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('an encrypted key', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const encrypted = { cipher: 'aes-256-cbc', passphrase: 'x' } as const;
  const forms = {
    'PKCS #8': privateKey.export({ type: 'pkcs8', format: 'pem', ...encrypted }),
    'PKCS #8, DER': privateKey.export({ type: 'pkcs8', format: 'der', ...encrypted }),
    'SEC 1': privateKey.export({ type: 'sec1', format: 'pem', ...encrypted }),
  };

  it.each(Object.entries(forms))('(%s) needs its passphrase', (_form, key) => {
    const { certificate } = identity;
    const make = (passphrase?: string): TLSServerContext =>
      new TLSServerContext({ identity: { certificate, key, passphrase } });
    expect(() => make()).toThrow(
      new TLSContextError(
        'identity.key is encrypted: give its passphrase, or decrypt it with `openssl pkey -in FILE`',
      ),
    );
    expect(() => make('wrong')).toThrow(
      new TLSContextError('identity.key cannot be decrypted: check passphrase'),
    );
    expect(() => make('x')).toThrow('is not the key of the first certificate');
  });
});

describe('a context of the wrong role', () => {
  const reactor = new MemoryReactor();
  const client = clientContext();
  const server = serverContext();
  const endpoint = { connect: () => undefined, listen: () => undefined, host: 'a.example' };
  const isClient = 'context must be a TLSServerContext, not ';
  const isServer = 'context must be a TLSClientContext, not ';

  it.each<[string, () => unknown, string]>([
    ['listenTLS', () => listenTLS(reactor, 0, Protocol, client as never), isClient],
    ['connectTLS', () => connectTLS(reactor, 'a', 1, Protocol, server as never), isServer],
    ['wrapServerTLS', () => wrapServerTLS(client as never, endpoint as never), isClient],
    ['wrapClientTLS', () => wrapClientTLS(server as never, endpoint as never), isServer],
    ['TLSServerFactory', () => new TLSServerFactory(client as never, Protocol), isClient],
    [
      'TLSClientFactory',
      () => new TLSClientFactory(server as never, Protocol, { hostname: 'a' }),
      isServer,
    ],
  ])('is refused by %s', (_name, use, message) => {
    expect(use).toThrow(InvalidArgumentTypeError);
    expect(use).toThrow(message);
    expect(use).toThrow(`it is the context of a ${message === isClient ? 'client' : 'server'}`);
  });

  it.each([undefined, 'cert.pem', Protocol])('or %s instead of one is refused', (context) => {
    const listen = (): unknown => listenTLS(reactor, 0, Protocol, context as never);
    expect(listen).toThrow(InvalidArgumentTypeError);
    expect(listen).toThrow(isClient);
    const connect = (): unknown => connectTLS(reactor, 'a', 1, Protocol, context as never);
    if (context !== undefined) expect(connect).toThrow(isServer);
  });

  it('or options instead of one are refused by startTLS', () => {
    const transport = new MemoryTransport();
    transport.connect(new Protocol());
    expect(() => transport.startTLS({ identity } as never)).toThrow(
      'context must be a TLSServerContext or a TLSClientContext, not an object (Object): make one from the options',
    );
  });
});

it.each(['*.example.com', '*', 'a.*.example'])('%s is no name of a server', (hostname) => {
  const use = (): unknown =>
    new TLSClientFactory(new TLSClientContext({ trustRoots: authority.certificate }), Protocol, {
      hostname,
    });
  expect(use).toThrow(InvalidHostNameError);
  expect(use).toThrow('a wildcard is a name in certificates');
});
