/** The programs of docs/howto/tls.md. Their peers are node:tls, or one another. */
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectTCP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, connect as connectNodeTLS, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { selfSignedCertificate } from '../../src/tls/index.js';
import { Child, runProgram } from '../support/child.js';
import { within } from '../support/deadline.js';
import { RawPeer } from '../support/raw-peer.js';
import { ExampleServer, exampleUrl, KINDS, on } from './programs.js';

const ENGINES = KINDS.includes('native') ? ['native', 'node'] : ['node'];
const COMBINATIONS = KINDS.flatMap((kind) => ENGINES.map((engine) => ({ kind, engine })));
const SERVERS = ['tls-echo', 'starttls-chat', 'tls-reload'];

let folder = '';
let files: readonly string[] = [];
let certificate = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ropewalk-tls-'));
  files = await writeIdentity('cert.pem', 'key.pem');
});

afterAll(() => rmSync(folder, { recursive: true }));

/** @returns The flags that name the files. */
async function writeIdentity(cert: string, key: string): Promise<readonly string[]> {
  const identity = await selfSignedCertificate();
  certificate = identity.certificate;
  writeFileSync(join(folder, cert), identity.certificate);
  writeFileSync(join(folder, key), identity.key);
  return ['--cert', join(folder, cert), '--key', join(folder, key)];
}

/** A peer over node:tls whose handshake is complete. */
async function secured(port: number, options: ConnectionOptions = {}): Promise<RawPeer> {
  const socket = connectNodeTLS({ host: 'localhost', port, ca: certificate, ...options });
  const peer = new RawPeer(socket);
  socket.on('secureConnect', () => peer.pulse.notify());
  await peer.until(() => socket.authorized || peer.closed, 'handshake');
  if (!socket.authorized) throw peer.error ?? new Error('closed before the handshake was complete');
  return peer;
}

async function hears(peer: RawPeer, text: string): Promise<void> {
  await peer.until(() => peer.text.includes(text), `hearing of ${JSON.stringify(text)}`);
}

/** Connects until a connection has the certificate with that serial number. */
async function untilServed(port: number, serialNumber: string): Promise<void> {
  const served = async (): Promise<void> => {
    await using peer = await secured(port);
    if (serialOf(peer) !== serialNumber) await served();
  };
  await within(served(), 'another certificate');
}

function serialOf(peer: RawPeer): string {
  return (peer.socket as TLSSocket).getPeerX509Certificate()?.serialNumber ?? '';
}

describe.each(COMBINATIONS)('tls-echo on $kind by the $engine engine', ({ kind, engine }) => {
  const flags = (): string[] => ['--reactor', kind, '--engine', engine, ...files];

  it('echoes, as the protocol that ALPN chose', async () => {
    await using server = await ExampleServer.start('tls-echo', flags());
    expect(server.stdout).toMatch(new RegExp(`^TLS echo \\(${kind}\\) listening on port \\d+\n$`));
    const text = 'hello '.repeat(20_000);
    await using plain = await secured(server.port);
    await using shouter = await secured(server.port, { ALPNProtocols: ['mumble', 'shout'] });
    plain.write(text);
    shouter.write(text);
    expect((await plain.receive(text.length)).toString()).toBe(text);
    expect((await shouter.receive(text.length)).toString()).toBe(text.toUpperCase());
    await expect(secured(server.port, { ALPNProtocols: ['mumble'] })).rejects.toThrow();
  });

  it('is shown by tls-client', async () => {
    await using server = await ExampleServer.start('tls-echo', flags());
    const trust = ['--trust', join(folder, 'cert.pem')];
    const args = ['--port', String(server.port), '--alpn', 'shout', ...trust];
    const { code, stdout, stderr } = await runProgram(exampleUrl('tls-client'), args, on(kind));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^TLSv1\.3 TLS_\w+ shout\nfull handshake by the (native|node) engine\nHELLO\n$/,
    );
  });
});

describe('tls-echo', () => {
  it('makes a certificate of its own for localhost', async () => {
    await using server = await ExampleServer.start('tls-echo', []);
    const socket = connectNodeTLS({
      host: 'localhost',
      port: server.port,
      rejectUnauthorized: false,
    });
    await using peer = new RawPeer(socket);
    peer.write('hello');
    await peer.receive(5);
    const own = new X509Certificate(socket.getPeerX509Certificate()?.raw ?? '');
    expect(own.checkHost('localhost', { subject: 'never' })).toBe('localhost');
  });

  it('is refused by tls-client without its root', async () => {
    await using server = await ExampleServer.start('tls-echo', files);
    const args = ['--port', String(server.port)];
    const { code, stdout, stderr } = await runProgram(exampleUrl('tls-client'), args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^tls-client: the peer's certificate was refused: .*self.signed/);
  });
});

describe.each(KINDS)('on the %s reactor', (kind) => {
  it('starttls-chat talks to starttls-client and to node:tls, and refuses everything in clear', async () => {
    const trust = join(folder, 'chat.pem');
    await using server = await ExampleServer.start(
      'starttls-chat',
      ['--cert-out', trust],
      on(kind),
    );
    const args = ['--port', String(server.port), '--trust', trust];
    const options = { ...on(kind), stdin: 'pipe' } as const;
    await using ann = new Child(exampleUrl('starttls-client'), args, options);
    await ann.printed(/^\* guest\d+ joined, with TLSv1\.3$/m);

    await using bob = await RawPeer.connect(server.port);
    await hears(bob, 'requires STARTTLS.\n');
    bob.write('hello\n');
    await hears(bob, 'Only STARTTLS is possible');
    bob.write('STARTTLS\n');
    await hears(bob, 'Begin TLS.\n');
    const ca = readFileSync(trust);
    await using secure = await secured(server.port, { socket: bob.socket, ca });
    await hears(secure, 'joined, with TLSv1.3\n');
    secure.write('hello from bob\n');
    await ann.printed(/^<guest\d+> hello from bob$/m);
    ann.process.stdin?.write('hello from ann\n');
    await hears(secure, '> hello from ann\n');
    ann.process.stdin?.end();
    expect((await ann.result()).code).toBe(0);
    await hears(secure, ' left\n');
  });

  it('starttls-chat ends a connection with commands behind STARTTLS', async () => {
    await using server = await ExampleServer.start('starttls-chat', [], on(kind));
    await using attacker = await RawPeer.connect(server.port);
    attacker.write('STARTTLS\ninjected\n');
    await attacker.untilGone();
    expect(attacker.text).not.toContain('injected');
    await using next = await RawPeer.connect(server.port);
    await hears(next, 'requires STARTTLS.\n');
    expect(server.stderr).toBe('');
  });

  it('tls-client-certificate greets one client and refuses the other', async () => {
    const program = exampleUrl('tls-client-certificate');
    const { code, stdout, stderr } = await runProgram(program, [], on(kind));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Hello Ann\nrefused: .+\n$/);
  });

  it('tls-reload serves new certificates after SIGHUP, and keeps the former ones with wrong files', async () => {
    const [, cert = '', , key = ''] = await writeIdentity('reload-cert.pem', 'reload-key.pem');
    const flags = ['--cert', cert, '--key', key, '--watch-ms', '3600000'];
    await using server = await ExampleServer.start('tls-reload', flags, on(kind));
    await using before = await secured(server.port);
    await writeIdentity('other-cert.pem', 'other-key.pem');
    renameSync(join(folder, 'other-cert.pem'), cert);
    server.process.kill('SIGHUP');
    await server.pulse.until(() => server.stderr.includes('\n'), 'a refusal');
    expect(server.stderr).toContain('not reloaded: identity.keyFile is not the key of the first');
    renameSync(join(folder, 'other-key.pem'), key);
    server.process.kill('SIGHUP');
    await server.printed(/^reloaded$/m);
    await using after = await secured(server.port);
    expect(serialOf(after)).not.toBe(serialOf(before));
    before.write('still open');
    expect((await before.receive(10)).toString()).toBe('still open');
  });

  it('tls-reload notices changed files by itself', async () => {
    const [, cert = '', , key = ''] = await writeIdentity('watch-cert.pem', 'watch-key.pem');
    const flags = ['--cert', cert, '--key', key, '--watch-ms', '5'];
    await using server = await ExampleServer.start('tls-reload', flags, on(kind));
    const [first, second] = [certificate, await selfSignedCertificate()];
    writeFileSync(key, second.key);
    writeFileSync(cert, second.certificate);
    certificate = `${first}${second.certificate}`;
    const expected = new X509Certificate(second.certificate).serialNumber;
    await untilServed(server.port, expected);
  });
});

describe.each(SERVERS)('%s', (name) => {
  const args = (): readonly string[] => (name === 'starttls-chat' ? [] : files);

  it('survives peers that do not speak TLS, and ends on SIGINT with exit code 0', async () => {
    await using server = await ExampleServer.start(name, args());
    await using peer = await RawPeer.connect(server.port);
    peer.write(name === 'starttls-chat' ? 'STARTTLS\n' : '');
    if (name === 'starttls-chat') await hears(peer, 'Begin TLS.\n');
    peer.write('GET / HTTP/1.0\r\n\r\n');
    await peer.untilGone();
    connectTCP(server.port, '127.0.0.1').destroy();
    server.process.kill('SIGINT');
    const { code, signal, stderr } = await server.result();
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
  });

  it('refuses a port out of range with one line and exit code 2', async () => {
    const { code, stderr } = await runProgram(exampleUrl(name), ['--port', '65536', ...args()]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^[^\n]+\n$/);
  });
});
