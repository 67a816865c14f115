/** TLS through endpoints: objects and strings. */
import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PemDirectory } from '../../src/endpoints/pem-directory.js';
import {
  clientFromString,
  connectProtocol,
  createReactor,
  HostnameEndpoint,
  InvalidArgumentTypeError,
  InvalidEndpointError,
  Protocol,
  quoteStringArgument,
  type StreamClientEndpoint,
  type StreamServerEndpoint,
  serverFromString,
  TCPClientEndpoint,
  TCPServerEndpoint,
  TLSCertificateError,
  UNIXClientEndpoint,
  UNIXServerEndpoint,
  wrapClientTLS,
  wrapServerTLS,
} from '../../src/index.js';
import { captureLoggedErrors, ManualClock, MemoryReactor } from '../../src/testing/index.js';
import { TLSClientContext, TLSServerContext } from '../../src/tls/index.js';
import { Authority, type MadeCertificate } from '../support/certificates.js';
import { contract, type Rig } from '../support/contract.js';
import { within } from '../support/deadline.js';
import { echo } from '../support/pairs.js';
import { needs } from '../support/platform.js';
import { Recorder, RecordingFactory } from '../support/recorder.js';
import { socketPath, temporaryFolder } from '../support/unix.js';

const authority = await Authority.make();
const local = await authority.issue('local', { names: ['localhost'], addresses: ['127.0.0.1'] });
const other = await authority.issue('other', { names: ['other.example', '*.wild.example'] });
const renewed = await authority.issue('renewed', { names: ['localhost'] });
const client = await authority.issue('client', { use: 'client' });
const weak = await authority.issue('weak', { keys: 'weak' });

const pem = (made: MadeCertificate): string => `${made.key}\n${made.certificate}`;

/** Listens and answers with an echo. @returns The port. */
async function serve(endpoint: StreamServerEndpoint): Promise<number> {
  const port = await endpoint.listen(new RecordingFactory(echo));
  const host = port.getHost();
  return 'port' in host ? host.port : 0;
}

/** Sends and receives through an endpoint. @returns The common name of the server's certificate. */
async function talk(endpoint: StreamClientEndpoint): Promise<string> {
  const connecting = connectProtocol(endpoint, new Recorder());
  const recorder = await within(connecting, 'a connection');
  recorder.transport.write('hello');
  expect(String(await recorder.receive(5))).toBe('hello');
  const subject = recorder.transport.tls?.getPeerCertificate()?.subject ?? '';
  recorder.transport.abortConnection();
  return subject.replace(/^CN=/, '');
}

/** The failure of an attempt to connect, which is also the reason for which the connection ends. */
async function end(endpoint: StreamClientEndpoint): Promise<Error> {
  const recorder = new Recorder();
  const failure = await within(
    connectProtocol(endpoint, recorder).then(
      () => new Error('it connects'),
      (error: Error) => error,
    ),
    'the failure to connect',
  );
  expect(recorder.reason).toBe(failure);
  return failure;
}

/** A folder with these files. */
function folder(rig: Rig, files: Readonly<Record<string, string>>): string {
  const path = temporaryFolder(rig);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

// Resumed sessions keep the certificate of their first connection.
const clientContext = new TLSClientContext({
  trustRoots: authority.certificate,
  sessionCacheSize: 0,
});
const serverContext = new TLSServerContext({ identity: local });

contract('wrapClientTLS and wrapServerTLS', (rig) => {
  const listen = (): TCPServerEndpoint =>
    new TCPServerEndpoint(rig.reactor, 0, { interface: '127.0.0.1' });

  it('secure connections over TCP, and verify the host of the endpoint', async () => {
    const port = await serve(wrapServerTLS(serverContext, listen()));
    const { reactor } = rig;
    const byName = new HostnameEndpoint(reactor, 'localhost', port);
    expect(await talk(wrapClientTLS(clientContext, byName))).toBe('local');
    const byAddress = new TCPClientEndpoint(reactor, '127.0.0.1', port);
    expect(await talk(wrapClientTLS(clientContext, byAddress))).toBe('local');
  });

  it('accept options instead of contexts', async () => {
    const port = await serve(wrapServerTLS({ identity: local }, listen()));
    const endpoint = new HostnameEndpoint(rig.reactor, 'localhost', port);
    expect(await talk(wrapClientTLS({ trustRoots: authority.certificate }, endpoint))).toBe(
      'local',
    );
  });

  it('secure connections over UNIX sockets', async () => {
    needs('socketFiles');
    const path = socketPath(rig);
    await serve(wrapServerTLS(serverContext, new UNIXServerEndpoint(rig.reactor, path)));
    const endpoint = new UNIXClientEndpoint(rig.reactor, path);
    const secured = wrapClientTLS(clientContext, endpoint, { hostname: 'localhost' });
    expect(await talk(secured)).toBe('local');
  });

  it('secure connections that are secured already', async () => {
    const outer = new TLSServerContext({ identity: other });
    const port = await serve(wrapServerTLS(serverContext, wrapServerTLS(outer, listen())));
    const tcp = new TCPClientEndpoint(rig.reactor, '127.0.0.1', port);
    const tunnel = wrapClientTLS(clientContext, tcp, { hostname: 'other.example' });
    expect(await talk(wrapClientTLS(clientContext, tunnel, { hostname: 'localhost' }))).toBe(
      'local',
    );
  });

  it('fail to connect if the certificate is for another name', async () => {
    const port = await serve(wrapServerTLS(serverContext, listen()));
    const endpoint = new TCPClientEndpoint(rig.reactor, '127.0.0.1', port);
    const reason = await end(wrapClientTLS(clientContext, endpoint, { hostname: 'other.example' }));
    expect(reason).toBeInstanceOf(TLSCertificateError);
  });
});

describe('wrapClientTLS', () => {
  const reactor = new MemoryReactor();

  it('needs a host', () => {
    const endpoint = new UNIXClientEndpoint(reactor, '/run/x');
    expect(() => wrapClientTLS(clientContext, endpoint)).toThrow(
      'hostname must be a string, not undefined: the endpoint has no host',
    );
  });

  it('refuses other values than endpoints', () => {
    expect(() => wrapClientTLS(clientContext, {} as never)).toThrow(InvalidArgumentTypeError);
    expect(() => wrapServerTLS(serverContext, null as never)).toThrow(InvalidArgumentTypeError);
  });

  it('has a text', () => {
    const endpoint = new HostnameEndpoint(reactor, 'example.com', 443);
    expect(String(wrapClientTLS(clientContext, endpoint))).toBe(
      '<TLS to example.com over <TCP client endpoint example.com:443>>',
    );
  });
});

contract('the type tls', (rig) => {
  const listening = async (path: string): Promise<number> =>
    serve(
      serverFromString(rig.reactor, `tls:${quoteStringArgument(path)}:port=0:interface=127.0.0.1`),
    );
  const connect = (text: string): StreamClientEndpoint => clientFromString(rig.reactor, text);

  it('serves the certificates in a folder by their names', async () => {
    const path = folder(rig, {
      'a.pem': pem(local),
      'b.pem': pem(other),
      'notes.txt': 'not a certificate',
      'root.crt': authority.certificate,
    });
    const port = await listening(path);
    const roots = quoteStringArgument(join(path, 'root.crt'));
    expect(await talk(connect(`tls:localhost:${port}:trustRoots=${roots}`))).toBe('local');
    // By address, no name is asked for: the first file serves.
    expect(await talk(connect(`tls:127.0.0.1:${port}:trustRoots=${roots}`))).toBe('local');
    const through = `endpoint=tcp\\:127.0.0.1\\:${port}`;
    for (const name of ['other.example', 'www.wild.example']) {
      expect(await talk(connect(`tls:${name}:443:trustRoots=${roots}:${through}`))).toBe('other');
    }
  });

  it('presents a certificate', async () => {
    const path = folder(rig, { 'c.pem': pem(client), 'r.pem': authority.certificate });
    const context = new TLSServerContext({
      identity: local,
      clientCertificates: 'required',
      trustRoots: authority.certificate,
    });
    const tcp = new TCPServerEndpoint(rig.reactor, 0, { interface: '127.0.0.1' });
    const port = await serve(wrapServerTLS(context, tcp));
    const quoted = quoteStringArgument(path);
    const text = `tls:localhost:${port}:trustRoots=${quoted}/r.pem:certificate=${quoted}/c.pem`;
    expect(await talk(connect(text))).toBe('local');
    expect(await talk(connect(`${text}:privateKey=${quoted}/c.pem`))).toBe('local');
  });
});

contract('the type tls over another endpoint', (rig) => {
  it('reads the PROXY header before the handshake', async () => {
    const path = folder(rig, { 'a.pem': pem(local) });
    const roots = folder(rig, { 'root.pem': authority.certificate });
    const listening = quoteStringArgument('haproxy:tcp\\:0\\:interface\\=127.0.0.1');
    const server = `tls:${quoteStringArgument(path)}:endpoint=${listening}`;
    const port = await serve(serverFromString(rig.reactor, server));
    const proxied = quoteStringArgument(`haproxy:tcp\\:127.0.0.1\\:${port}`);
    const text = `tls:localhost:443:trustRoots=${quoteStringArgument(roots)}:endpoint=${proxied}`;
    expect(await talk(clientFromString(rig.reactor, text))).toBe('local');
  });
});

contract('the type ssl', (rig) => {
  it('serves one certificate', async () => {
    const path = folder(rig, {
      'key.pem': local.key,
      'cert.pem': local.certificate,
      'both.pem': pem(local),
    });
    const roots = folder(rig, { 'root.pem': authority.certificate });
    const [quoted, quotedRoots] = [path, roots].map(quoteStringArgument);
    const files = [
      `privateKey=${quoted}/both.pem`,
      `privateKey=${quoted}/key.pem:certKey=${quoted}/cert.pem:sslmethod=TLSv1_2_METHOD`,
      `privateKey=${quoted}/both.pem:extraCertChain=${quotedRoots}/root.pem`,
    ];
    for (const text of files) {
      const server = serverFromString(rig.reactor, `ssl:0:${text}:interface=127.0.0.1`);
      const port = await serve(server);
      const tcp = `127.0.0.1:${port}:caCertsDir=${quotedRoots}`;
      expect(await talk(clientFromString(rig.reactor, `ssl:${tcp}`))).toBe('local');
      const named = clientFromString(rig.reactor, `ssl:${tcp}:hostname=localhost`);
      expect(await talk(named)).toBe('local');
      // Twisted verifies no name unless `hostname` is given.
      const wrong = clientFromString(rig.reactor, `ssl:${tcp}:hostname=other.example`);
      expect(await end(wrong)).toBeInstanceOf(TLSCertificateError);
    }
  });
});

describe('a folder of certificates', () => {
  it('is read again after a second, and unusable files change nothing', async () => {
    const path = mkdtempSync(join(tmpdir(), 'ropewalk-'));
    const clock = new ManualClock();
    using errors = captureLoggedErrors();
    await using reactor = createReactor();
    const write = (name: string, text: string): void => writeFileSync(join(path, name), text);
    const certificates = async (): Promise<string> => {
      directory.refresh();
      return talk(wrapClientTLS(clientContext, tcp, { hostname: 'localhost' }));
    };
    write('b.pem', pem(local));
    write('default.pem', pem(other));
    const directory = new PemDirectory(path, clock);
    const listen = new TCPServerEndpoint(reactor, 0, { interface: '127.0.0.1' });
    const port = await serve(wrapServerTLS(directory.context, listen));
    const tcp = new TCPClientEndpoint(reactor, '127.0.0.1', port);
    expect(await certificates()).toBe('local');
    write('b.pem', pem(renewed));
    clock.advance(999);
    expect(await certificates(), 'too early').toBe('local');
    clock.advance(1);
    expect(await certificates()).toBe('renewed');
    write('b.pem', 'half a certificate');
    write('c.pem', 'nothing');
    clock.advance(1000);
    expect(await certificates()).toBe('renewed');
    expect(errors.flush('ERR_TLS_CONTEXT')).toHaveLength(2);
    // The name is unknown then, so the default certificate is sent, which is for another name.
    rmSync(join(path, 'b.pem'));
    clock.advance(1000);
    directory.refresh();
    const wrong = wrapClientTLS(clientContext, tcp, { hostname: 'localhost' });
    expect(await end(wrong)).toMatchObject({ code: 'ERR_TLS_CERTIFICATE', reason: 'wrong-name' });
    rmSync(path, { recursive: true });
    clock.advance(1000);
    directory.refresh();
    expect(errors.flush('ERR_TLS_CONTEXT')).not.toEqual([]);
  });
});

describe('strings of TLS endpoints', () => {
  const reactor = new MemoryReactor();

  it.each([
    ['tls:example.com:443:privateKey=/x', "'privateKey' needs 'certificate'"],
    ['ssl:example.com:443:privateKey=/x', "'privateKey' needs 'certKey'"],
    ['tls:example.com:443:trustRoots=/nowhere/x', "'trustRoots': ENOENT"],
    ['tls:example.com:443:certificate=/nowhere/x', "'certificate': ENOENT"],
    ['ssl:example.com:443:certKey=/nowhere/x', "'certKey': ENOENT"],
    ['tls:a..b:443', 'a..b'],
    ['tls:example.com', "'port' is missing (its arguments: host, port, timeout, "],
    ['tsl:example.com:443', "Did you mean 'tls'?"],
    ['tls:*.example.com:443', 'a wildcard is a name in certificates'],
    ['example.com:443', 'A string begins with its type'],
    ['haproxy:tcp:example.com:443', 'A colon inside a value is written \\:'],
    [
      'haproxy:tcp\\:a\\:1\\:timeout=1',
      "no argument 'tcp:a:1:timeout'. An equals sign inside a value without a key is written \\=",
    ],
    ['tls:example.com:443:endpoint=nothing\\:1', "no client endpoint type 'nothing'"],
    [
      'tls:example.com:443:timeout=1:endpoint=tcp\\:a\\:1',
      "'timeout' belongs in the string of 'endpoint'",
    ],
  ])('of clients: %j is refused', (text, reason) => {
    expect(() => clientFromString(reactor, text)).toThrow(InvalidEndpointError);
    expect(() => clientFromString(reactor, text)).toThrow(reason);
  });

  it.each([
    ['tls:/nowhere', "'pemdir': the folder /nowhere cannot be read"],
    ['tls:8443', 'must be a folder of certificates, not a port: tls:FOLDER:port=8443'],
    ['ssl:443:privateKey=/nowhere/x', "'privateKey': ENOENT"],
    ['ssl:443:certKey=/nowhere/x', "'certKey': ENOENT"],
    ['ssl:443:dhParameters=/x', "'dhParameters' is not supported"],
    ['ssl:443:privateKey=/x:sslmethod=SSLv3_METHOD', "'privateKey': ENOENT"],
  ])('of servers: %j is refused', (text, reason) => {
    expect(() => serverFromString(reactor, text)).toThrow(InvalidEndpointError);
    expect(() => serverFromString(reactor, text)).toThrow(reason);
  });

  it('of servers: a folder without certificates, or with an unusable one, is refused', () => {
    const path = mkdtempSync(join(tmpdir(), 'ropewalk-'));
    const text = `tls:${quoteStringArgument(path)}`;
    try {
      expect(() => serverFromString(reactor, text)).toThrow('contains no file *.pem');
      writeFileSync(join(path, 'x.pem'), other.certificate);
      expect(() => serverFromString(reactor, text)).toThrow(
        'x.pem contains no private key, but CERTIFICATE',
      );
      writeFileSync(join(path, 'x.pem'), `${other.certificate}\n${local.key}`);
      expect(() => serverFromString(reactor, text)).toThrow(
        /the key in \S+x\.pem is not the key of the first certificate \(CN=other\) of \S+x\.pem\./,
      );
      rmSync(join(path, 'x.pem'));
      writeFileSync(join(path, '$&.pem'), pem(weak));
      expect(() => serverFromString(reactor, text)).toThrow('$&.pem is refused by OpenSSL');
    } finally {
      rmSync(path, { recursive: true });
    }
  });

  it('name the arguments, as they are written, in errors about files', () => {
    const path = mkdtempSync(join(tmpdir(), 'ropewalk-'));
    onTestFinished(() => rmSync(path, { recursive: true }));
    const secret = {
      cipher: 'aes-256-cbc',
      passphrase: 'x',
      type: 'pkcs8',
      format: 'pem',
    } as const;
    const files = {
      'key.pem': local.key,
      'cert.pem': local.certificate,
      'other.pem': other.certificate,
      'both.pem': pem(local),
      'weak.pem': pem(weak),
      'encrypted.pem': createPrivateKey(local.key).export(secret),
      // As far as PKCS #12 is told from other formats.
      'x.p12': Buffer.from('3082000c0201033007060100', 'hex'),
    };
    for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
    const refused = (
      make: typeof serverFromString | typeof clientFromString,
      ...cases: string[]
    ) => {
      for (const one of cases) {
        const [text = '', message = ''] = one.split(' => ');
        const full = text.replaceAll('/', `${quoteStringArgument(path)}/`);
        const expected = message.replaceAll('(', `(${path}/`);
        expect(() => make(reactor, full), text).toThrow(InvalidEndpointError);
        expect(() => make(reactor, full), text).toThrow(expected);
      }
    };
    refused(
      serverFromString,
      "ssl:1:privateKey=/key.pem => 'privateKey' (key.pem), used as 'certKey' too, is PEM, but not a certificate",
      "ssl:1:privateKey=/key.pem:certKey=/other.pem => 'privateKey' (key.pem) is not the key",
      "ssl:1:privateKey=/key.pem:certKey=/x.p12 => 'certKey' (x.p12) is PKCS #12",
      "ssl:1:privateKey=/x.p12 => 'privateKey' (x.p12), used as 'certKey' too, is PKCS #12",
      "ssl:1:privateKey=/encrypted.pem:certKey=/cert.pem => 'privateKey' (encrypted.pem) is encrypted: decrypt it",
      "ssl:1:privateKey=/both.pem:extraCertChain=/key.pem => 'extraCertChain' (key.pem) is PEM, but not a certificate",
      "ssl:1:privateKey=/weak.pem => 'privateKey' (weak.pem), used as 'certKey' too, is refused by OpenSSL",
    );
    refused(
      clientFromString,
      "ssl:a:1:certKey=/cert.pem => 'certKey' (cert.pem), used as 'privateKey' too, contains no private key",
      "ssl:a:1:certKey=/other.pem:privateKey=/key.pem => 'privateKey' (key.pem) is not the key",
      "ssl:a:1:caCertsDir=/x.p12 => 'caCertsDir' (x.p12) is PKCS #12",
      "tls:a:1:certificate=/x.p12 => 'certificate' (x.p12), used as 'privateKey' too, is PKCS #12",
      "tls:a:1:certificate=/cert.pem:privateKey=/encrypted.pem => 'privateKey' (encrypted.pem) is encrypted",
      "tls:a:1:trustRoots=/key.pem => 'trustRoots' (key.pem) is PEM, but not a certificate",
    );
  });

  it('of servers: a folder may have several certificates for one name', () => {
    const path = mkdtempSync(join(tmpdir(), 'ropewalk-'));
    onTestFinished(() => rmSync(path, { recursive: true }));
    writeFileSync(join(path, 'a.pem'), pem(local));
    writeFileSync(join(path, 'b.pem'), pem(renewed));
    serverFromString(reactor, `tls:${quoteStringArgument(path)}`);
  });

  it('of servers: the default port of tls is 443, and another endpoint has its own', () => {
    const path = mkdtempSync(join(tmpdir(), 'ropewalk-'));
    try {
      writeFileSync(join(path, 'x.pem'), pem(other));
      const both = `tls:${quoteStringArgument(path)}:port=1:endpoint=tcp\\:1`;
      expect(() => serverFromString(reactor, both)).toThrow(
        "'port' belongs in the string of 'endpoint'",
      );
      serverFromString(reactor, `tls:${quoteStringArgument(path)}`).listen(Protocol);
      expect(reactor.tcpServers.at(-1)).toMatchObject({ port: 443, options: {} });
    } finally {
      rmSync(path, { recursive: true });
    }
  });
});
