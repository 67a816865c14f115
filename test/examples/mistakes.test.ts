/** docs/mistakes.md: each mistake is made, and gets the message that the page shows. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseDemoOptions } from '../../src/cli/demo-options.js';
import { toFactory } from '../../src/core/factory.js';
import { Factory, IPv4Address, Protocol, serverFromString } from '../../src/index.js';
import { MemoryReactor, MemoryTransport } from '../../src/testing/index.js';
import { connectTLS, listenTLS, TLSClientContext, TLSServerContext } from '../../src/tls/index.js';
import { Authority } from '../support/certificates.js';
import { REACTORS } from '../support/reactors.js';
import { WEB_MISTAKES } from './web-mistakes.js';

const PAGE = readFileSync(new URL('../../docs/mistakes.md', import.meta.url), 'utf8');

/** The messages of the page, by heading. */
const SHOWN = new Map(
  [...PAGE.matchAll(/^## (.*)$[\s\S]*?^```text\n(.*)\n```$/gm)].map(
    ([, title = '', message = '']) => [title, message] as const,
  ),
);

const reactor = new MemoryReactor();
const authority = await Authority.make();
const identity = await authority.issue('localhost', { names: ['localhost'] });
const other = await authority.issue('other', { names: ['other.example'] });
const { certificate } = identity;
const Plain = { Echo: class Echo {} }.Echo;
class Echo extends Protocol {}
class EchoFactory extends Factory {}

const MISTAKES: Readonly<Record<string, () => unknown>> = {
  'An option of another library': () =>
    reactor.listenTCP(8080, Echo, { host: '127.0.0.1' } as never),
  'A port from the environment': () => reactor.listenTCP('8080' as never, Echo),
  'A class that does not extend Protocol': () => reactor.listenTCP(8080, Plain as never),
  'The class of a factory': () => reactor.listenTCP(8080, EchoFactory as never),
  'A factory without buildProtocol': () =>
    reactor.listenTCP(8080, Object.assign(new Factory(), { protocol: Echo })),
  'One protocol for all connections': () => reactor.listenTCP(8080, new Echo() as never),
  'A function that returns nothing': () =>
    toFactory((() => undefined) as never).buildProtocol(new IPv4Address('TCP', '127.0.0.1', 1)),
  'Writing before the connection is made': () => new Echo().transport.write('hello'),
  'IPv6 in brackets': () => reactor.connectTCP('[::1]', 8080, Echo),
  'A URL in place of a host': () => reactor.connectTCP('http://localhost/', 8080, Echo),
  'Options of node:tls': () =>
    listenTLS(reactor, 8443, Echo, { identity, requestCert: true } as never),
  'A key that does not belong to the certificate': () =>
    new TLSServerContext({ identity: { certificate, key: other.key } }),
  'A file of the wrong kind': () =>
    new TLSServerContext({ identity: { certificate, key: certificate } }),
  'The name of a file in place of its content': () =>
    new TLSClientContext({ trustRoots: 'root.pem' }),
  'Names of clients without their certificates': () =>
    new TLSServerContext({ identity, mapClientCertificate: () => 'Ann' }),
  'A context of the other role': () =>
    connectTLS(reactor, 'localhost', 8443, Echo, new TLSServerContext({ identity }) as never),
  'A port in the string of a TLS server': () => serverFromString(reactor, 'tls:8443'),
  'Writing to the transport before TLS': () => {
    const transport = new MemoryTransport();
    transport.connect(new Echo());
    transport.startTLS(new TLSServerContext({ identity }));
    transport.write('hello');
  },
  ...WEB_MISTAKES,
  'A mistyped flag': () => parseDemoOptions(['--wokers', '4']),
};

const messageOf = async (make: () => unknown): Promise<string> => {
  try {
    await make();
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing was thrown';
};

const STALE = 'A socket file that was left behind';

describe('docs/mistakes.md', () => {
  it('has a mistake for each message', () => {
    expect([...SHOWN.keys()].sort()).toEqual([...Object.keys(MISTAKES), STALE].sort());
  });

  it.each(Object.entries(MISTAKES))('%s', async (title, make) => {
    expect(await messageOf(make)).toBe(SHOWN.get(title));
  });

  it.skipIf(process.platform === 'win32').each(REACTORS)(`${STALE} ($name)`, async (maker) => {
    const folder = mkdtempSync(join(tmpdir(), 'rw-'));
    const path = join(folder, 'socket');
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(path, resolve));
    const real = maker.make();
    try {
      // The system call differs: `bind` here, `listen` there.
      const shape = (text: string): string =>
        text.replaceAll(path, '/run/app/socket').replace(/: .*EADDRINUSE.*?\. If/, '. If');
      expect(shape(await messageOf(() => real.listenUNIX(path, Echo)))).toBe(
        shape(String(SHOWN.get(STALE))),
      );
    } finally {
      await real[Symbol.asyncDispose]();
      await new Promise((resolve) => holder.close(resolve));
      rmSync(folder, { recursive: true });
    }
  });
});
