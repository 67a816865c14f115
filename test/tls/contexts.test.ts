/** Contexts: names, sessions, staples, key logs, reloading, and limits of handshakes. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectRaw, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ClientFactory,
  type TLSConnection,
  TLSContextError,
  UnknownOptionError,
} from '../../src/index.js';
import { ManualClock } from '../../src/testing/index.js';
import {
  listenTLS,
  TICKET_KEYS_KEPT,
  TLSServerContext,
  type TLSServerOptions,
} from '../../src/tls/index.js';
import {
  authority,
  clientContext,
  HOSTNAME,
  identity,
  KINDS,
  Network,
  serverContext,
  Talker,
} from './secured.js';

const other = await authority.issue('other', {
  names: ['other.example', '*.wild.example', 'xn--bcher-kva.example'],
});

describe.each(KINDS)('contexts by $name', (kind) => {
  const { engine } = kind;
  let network: Network;
  let folder: string;
  const sockets: Socket[] = [];

  beforeEach(() => {
    network = new Network(kind);
    folder = mkdtempSync(join(tmpdir(), 'ropewalk-tls-'));
  });

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await network[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  /** The facts of the client's connection to a server of that context. */
  async function reach(
    context: TLSServerContext,
    hostname: string,
    client = clientContext({ engine }),
  ): Promise<{ tls: TLSConnection; server: Talker; client: Talker }> {
    const ends = await network.pair(context, client, { hostname });
    if (ends.client.reason !== undefined) throw ends.client.reason;
    return { tls: ends.client.tls, ...ends };
  }

  function subjectOf(tls: TLSConnection): string | undefined {
    return tls.getPeerCertificate()?.subject;
  }

  describe('select certificates by name', () => {
    function named(options: TLSServerOptions = {}): TLSServerContext {
      const serverNames = {
        'Other.Example': other,
        '*.wild.example': other,
        'bücher.example': other,
      };
      return serverContext({ engine, serverNames, ...options });
    }

    it.each(['other.example', 'a.wild.example', 'bücher.example'])('%s', async (hostname) => {
      expect(subjectOf((await reach(named(), hostname)).tls)).toBe('CN=other');
    });

    it('and have their own for others, and for clients without a name', async () => {
      expect(subjectOf((await reach(named(), HOSTNAME)).tls)).toBe('CN=server');
      expect(subjectOf((await reach(named(), '127.0.0.1')).tls)).toBe('CN=server');
    });

    it('asking a function, which may be asynchronous', async () => {
      const asked: string[] = [];
      const special = serverContext({ engine, identity: other });
      const context = named({
        serverNames: undefined,
        async selectContext(serverName) {
          asked.push(serverName);
          await new Promise<void>((resolve) => void setImmediate(resolve));
          return serverName === 'other.example' ? special : undefined;
        },
      });
      expect(subjectOf((await reach(context, 'OTHER.example')).tls)).toBe('CN=other');
      expect(subjectOf((await reach(context, HOSTNAME)).tls)).toBe('CN=server');
      expect(asked).toEqual(['other.example', HOSTNAME]);
    });

    it('and refuse a name that the function does not serve', async () => {
      const context = named({ selectContext: () => null });
      const { server, client } = await network.pair(context, clientContext({ engine }));
      expect(await client.lost()).toMatchObject({ alert: 112, alertReceived: true });
      expect(await server.lost()).toMatchObject({ reason: 'UNRECOGNIZED_NAME', alert: 112 });
    });

    it.each(['throws', 'rejects'])('and end the connection if the function %s', async (how) => {
      const fault = new Error('out of selectContext');
      const context = named({
        selectContext() {
          if (how === 'rejects') return Promise.reject(fault);
          throw fault;
        },
      });
      const { server, client } = await network.pair(context, clientContext({ engine }));
      expect(await server.lost()).toBe(fault);
      await client.lost();
      expect(network.reports).toEqual([fault]);
      expect(subjectOf((await reach(context, 'other.example')).tls)).toBe('CN=other');
    });
  });

  it('agree on the protocols of the factory', async () => {
    class Speaking extends ClientFactory {
      readonly acceptableProtocols = ['new', 'old'];
      override buildProtocol(): Talker {
        return new Talker();
      }
    }
    const server = serverContext({ engine, alpnProtocols: ['ignored'] });
    const port = listenTLS(network.reactor, 0, new Speaking(), server, { interface: '127.0.0.1' });
    const client = clientContext({ engine, alpnProtocols: ['old', 'new'] });
    const talker = network.connect(port.getHost().port, client, new Talker());
    await talker.secured();
    expect(talker.tls.negotiatedProtocol).toBe('new');
  });

  describe.each(['TLSv1.2', 'TLSv1.3'] as const)('resume sessions of %s', (maxVersion) => {
    /** Sessions of TLS 1.3 arrive after the handshake, with the first data at the latest. */
    async function visit(
      context: TLSServerContext,
      client: ReturnType<typeof clientContext>,
      hostname = HOSTNAME,
    ): Promise<boolean> {
      const there = new Talker({ secured: (self) => self.transport.write('hello') });
      const here = network.connect(
        network.listen(context, () => there),
        client,
        new Talker(),
        { hostname },
      );
      await here.received('hello');
      const { resumed } = here.tls;
      expect(subjectOf(here.tls)).toBe('CN=server');
      here.transport.loseConnection();
      await here.lost();
      return resumed;
    }

    it('with the same context, or one with the same ticket keys', async () => {
      const client = clientContext({ engine, maxVersion });
      const context = serverContext({ engine });
      expect(await visit(context, client)).toBe(false);
      expect(await visit(context, client)).toBe(true);
      expect(await visit(serverContext({ engine, ticketKeys: context.ticketKeys }), client)).toBe(
        true,
      );
      expect(await visit(serverContext({ engine }), client)).toBe(false);
    });

    it('of the host names used last', async () => {
      const options = { checkHostname: false, sessionCacheSize: 2 };
      const client = clientContext({ engine, maxVersion, ...options });
      const context = serverContext({ engine });
      const resumed: boolean[] = [];
      for (const name of ['a', 'b', 'a', 'c', 'a', 'b']) {
        resumed.push(await visit(context, client, `${name}.example`));
      }
      expect(resumed).toEqual([false, false, true, false, true, false]);
    });

    it('not if either end does not want to', async () => {
      const context = serverContext({ engine, resumption: false });
      const client = clientContext({ engine, maxVersion });
      await visit(context, client);
      expect(await visit(context, client)).toBe(false);
      const without = clientContext({ engine, maxVersion, resumption: false });
      const resuming = serverContext({ engine });
      await visit(resuming, without);
      expect(await visit(resuming, without)).toBe(false);
    });

    it('across a rotation of keys, as long as the engine keeps the former ones', async () => {
      const context = serverContext({ engine });
      const client = clientContext({ engine, maxVersion });
      await visit(context, client);
      context.rotateTicketKeys();
      expect(context.ticketKeys).toHaveLength(2);
      expect(await visit(context, client)).toBe(engine === 'native');
      for (let i = 0; i < TICKET_KEYS_KEPT; i++) context.rotateTicketKeys();
      expect(context.ticketKeys).toHaveLength(TICKET_KEYS_KEPT);
    });
  });

  it('staple OCSP responses for clients that ask', async () => {
    const ocspResponse = Buffer.from('30030a0100', 'hex');
    const context = serverContext({ engine, identity: { ...identity, ocspResponse } });
    const asking = await reach(context, HOSTNAME, clientContext({ engine, requestOCSP: true }));
    expect(asking.tls.ocspResponse).toEqual(ocspResponse);
    expect((await reach(context, HOSTNAME)).tls.ocspResponse).toBeUndefined();
  });

  it('log keys to a file', async () => {
    const keyLogFile = join(folder, 'keys');
    await reach(serverContext({ engine, keyLogFile }), HOSTNAME);
    const lines = readFileSync(keyLogFile, 'utf8').trimEnd().split('\n');
    expect(
      lines.some((line) => /^SERVER_TRAFFIC_SECRET_0 [0-9a-f]{64} [0-9a-f]+$/.test(line)),
    ).toBe(true);
  });

  describe('reload', () => {
    function files({ certificate, key } = identity): { certificateFile: string; keyFile: string } {
      const [certificateFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
      writeFileSync(certificateFile, certificate);
      writeFileSync(keyFile, key);
      return { certificateFile, keyFile };
    }

    const trusting = clientContext({ engine, checkHostname: false });

    it('certificates by call, for new connections only', async () => {
      const context = serverContext({ engine, identity: files() });
      const before = await reach(context, HOSTNAME, trusting);
      files(other);
      expect(subjectOf((await reach(context, HOSTNAME)).tls)).toBe('CN=server');
      context.reload();
      expect(subjectOf((await reach(context, 'other.example')).tls)).toBe('CN=other');
      expect(before.client.transport.connected).toBe(true);
      context.reload({ identity });
      expect(subjectOf((await reach(context, HOSTNAME)).tls)).toBe('CN=server');
    });

    it('nothing that is faulty', async () => {
      const context = serverContext({ engine, identity: files() });
      files({ certificate: other.certificate, key: identity.key });
      expect(() => context.reload()).toThrow(TLSContextError);
      expect(() => context.reload({ ciphers: 'no such cipher' })).toThrow();
      expect(subjectOf((await reach(context, HOSTNAME)).tls)).toBe('CN=server');
    });

    it('no option that is fixed', () => {
      const context = serverContext({ engine });
      const fixed = { maxHandshakes: 1, ticketKeys: [], watchFiles: undefined };
      for (const [name, value] of Object.entries(fixed)) {
        expect(() => context.reload({ [name]: value })).toThrow(UnknownOptionError);
      }
      expect(() => clientContext().reload({ engine } as never)).toThrow(UnknownOptionError);
    });

    it('files that have changed', async () => {
      const clock = new ManualClock();
      const watchFiles = { clock, intervalMs: 1000 };
      const context = serverContext({ engine, identity: files(), watchFiles });
      files(other);
      clock.advance(1000);
      expect(subjectOf((await reach(context, 'other.example')).tls)).toBe('CN=other');
      context.close();
      files(identity);
      clock.advance(5000);
      expect(clock.getDelayedCalls()).toEqual([]);
      expect(subjectOf((await reach(context, 'other.example')).tls)).toBe('CN=other');
    });
  });

  it('rotate ticket keys at intervals', () => {
    const clock = new ManualClock();
    const context = serverContext({ engine, ticketKeyRotation: { clock, intervalMs: 1000 } });
    const [first] = context.ticketKeys;
    clock.advance(1000);
    expect(context.ticketKeys).toHaveLength(2);
    expect(context.ticketKeys[1]).toEqual(first);
    context.close();
    expect(clock.getDelayedCalls()).toEqual([]);
  });

  describe('limit handshakes', () => {
    function stall(port: number, bytes?: Buffer): Promise<void> {
      const socket = connectRaw(port, '127.0.0.1');
      sockets.push(socket);
      socket.on('error', () => {});
      if (bytes !== undefined) socket.write(bytes);
      return new Promise((resolve) => void socket.once('close', () => resolve()));
    }

    it('in time: no hello, half a hello, garbage', async () => {
      const context = serverContext({ engine, handshakeTimeoutMs: 150 });
      const talkers: Talker[] = [];
      const port = network.listen(context, () => {
        const talker = new Talker();
        talkers.push(talker);
        return talker;
      });
      const half = Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]);
      await Promise.all([
        stall(port),
        stall(port, half),
        stall(port, Buffer.from('GET / HTTP/1.1\r\n\r\n')),
      ]);
      const codes = await Promise.all(talkers.map(async (talker) => (await talker.lost()).code));
      expect(codes.sort()).toEqual([
        'ERR_TLS_HANDSHAKE',
        'ERR_TLS_HANDSHAKE_TIMEOUT',
        'ERR_TLS_HANDSHAKE_TIMEOUT',
      ]);
      expect(context.handshakes).toBe(0);
      const served = network.connect(port, clientContext({ engine }), new Talker());
      await served.secured();
      expect(served.reason).toBeUndefined();
    });

    it('in number: the oldest ones make room', async () => {
      const context = serverContext({ engine, maxHandshakes: 3 });
      const reasons: (string | undefined)[] = [];
      const port = network.listen(
        context,
        () =>
          new Talker({
            secured: (self) => self.transport.write('hello'),
            lost: (self) => void reasons.push(self.reason?.code),
          }),
      );
      const open = network.connect(port, clientContext({ engine }), new Talker());
      await open.received('hello');
      const stalled = Array.from({ length: 8 }, () => stall(port));
      await Promise.race(stalled);
      const served = network.connect(port, clientContext({ engine }), new Talker());
      await served.secured();
      expect(served.reason).toBeUndefined();
      expect(open.transport.connected).toBe(true);
      expect(reasons[0]).toBe('ERR_TOO_MANY_HANDSHAKES');
    });
  });

  it('name the fault of wrong options', () => {
    const make = (options: TLSServerOptions) => () => new TLSServerContext({ engine, ...options });
    expect(make({})).toThrow(/needs an identity/);
    expect(make({ identity: { certificate: other.certificate, key: identity.key } })).toThrow(
      /is not the key of the first certificate \(CN=other\)/,
    );
    expect(make({ identity: { certificate: 'cert.pem', key: identity.key } })).toThrow(
      /not the name of a file/,
    );
    expect(make({ identity: { certificate: identity.key, key: identity.key } })).toThrow(
      /^identity\.certificate is PEM, but not a certificate: it contains PRIVATE KEY$/,
    );
    expect(make({ identity: { certificateFile: join(folder, 'none'), keyFile: '' } })).toThrow(
      /certificateFile cannot be read/,
    );
    const { certificate } = identity;
    expect(make({ identity: { certificate, key: certificate } })).toThrow(
      /^identity\.key contains no private key, but CERTIFICATE$/,
    );
    expect(make({ identity: { certificate, key: 'key.pem' } })).toThrow(
      /^identity\.key is neither PEM nor DER of a private key\. A string is PEM text/,
    );
    const broken = identity.key.replace(/\n.{8}/, '\n');
    expect(make({ identity: { certificate, key: broken } })).toThrow(
      /^identity\.key has a private key that cannot be read: /,
    );
    expect(make({ identity, clientCertificates: 'required' })).toThrow(/needs trustRoots/);
    expect(make({ identity, mapClientCertificate: () => 'anyone' })).toThrow(
      /^mapClientCertificate needs clientCertificates/,
    );
    expect(make({ identity, ciphers: 'NO-SUCH-CIPHER', maxVersion: 'TLSv1.2' })).toThrow(
      TLSContextError,
    );
    expect(make({ identity, groups: 'no-such-group' })).toThrow(TLSContextError);
    expect(make({ identity, ticketKeys: [Buffer.alloc(16)] })).toThrow(
      /length of a key of ticketKeys must be 48 bytes, not 16/,
    );
    expect(make({ identity, minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' })).toThrow(/minVersion/);
  });
});
