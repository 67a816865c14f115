/** Sockets that systemd-socket-activate opens for a program. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTLS } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exampleUrl, KINDS } from '../examples/programs.js';
import { within } from '../support/deadline.js';
import { hasProgram, PeerProgram } from '../support/peers.js';
import { closedPort, RawPeer } from '../support/raw-peer.js';
import { authority, HOSTNAME, identity } from '../tls/secured.js';

const ACTIVATE = 'systemd-socket-activate';
const AVAILABLE = hasProgram(ACTIVATE);
if (!AVAILABLE) console.warn(`skipped: there is no ${ACTIVATE} here`);

/** Arguments of systemd-socket-activate that start a program. */
function program(kind: string, file: URL, ...args: string[]): string[] {
  const environment = ['-E', `ROPEWALK_REACTOR=${kind}`, '-E', 'PATH', '-E', 'HOME'];
  return [...environment, process.execPath, '--import', 'tsx', fileURLToPath(file), ...args];
}

const TLS_SERVER = new URL('programs/activated-tls-server.ts', import.meta.url);

describe.skipIf(!AVAILABLE)('a socket-activated program', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it.each(KINDS)('serves the sockets it was given, by their names (%s)', async (kind) => {
    const path = join(folder, 'echo.sock');
    const port = await closedPort();
    const listen = ['-l', `127.0.0.1:${port}`, '-l', path, '--fdname=tcp:unix'];
    await using activate = new PeerProgram(ACTIVATE, [
      ...listen,
      ...program(kind, exampleUrl('activated-server')),
    ]);
    await activate.until(() => activate.stderr.includes(path), 'to listen');
    // The first connection starts the program, and is not lost.
    await using client = await RawPeer.connect(port);
    client.write('hello');
    expect(String(await client.receive(5))).toBe('hello');
    expect(activate.stdout).toContain(`tcp: descriptor 3 listens on 127.0.0.1:${port}`);
    // Node can't tell the path of a socket that it did not open.
    const known = kind === 'native' ? path : '';
    expect(activate.stdout).toContain(`unix: descriptor 4 listens on ${known}`);
    await using unix = await RawPeer.connectUNIX(path);
    unix.write('again');
    expect(String(await unix.receive(5))).toBe('again');
  });

  it.each(KINDS)('serves the sockets of endpoint strings (%s)', async (kind) => {
    const path = join(folder, 'echo.sock');
    const [first, second] = [await closedPort(), await closedPort()];
    const texts = [
      'systemd:domain=INET:index=0',
      'systemd:domain=UNIX:name=local',
      'haproxy:systemd\\:name\\=proxied',
    ];
    const listen = [`127.0.0.1:${first}`, path, `127.0.0.1:${second}`].flatMap((at) => ['-l', at]);
    await using activate = new PeerProgram(ACTIVATE, [
      ...listen,
      '--fdname=web:local:proxied',
      ...program(kind, exampleUrl('endpoint-server'), ...texts),
    ]);
    await activate.until(() => activate.stderr.includes(`127.0.0.1:${second}`), 'to listen');
    await using web = await RawPeer.connect(first);
    web.write('hello');
    expect(String(await web.receive(5))).toBe('hello');
    expect(activate.stdout).toContain(`${texts[0]}: listening on 127.0.0.1:${first}`);
    await using local = await RawPeer.connectUNIX(path);
    local.write('again');
    expect(String(await local.receive(5))).toBe('again');
    await using proxied = await RawPeer.connect(second);
    proxied.write('PROXY TCP4 203.0.113.9 198.51.100.1 4711 80\r\nbehind');
    expect(String(await proxied.receive(6))).toBe('behind');
  });

  it.each(KINDS)('does TLS on the socket of an endpoint string (%s)', async (kind) => {
    const file = join(folder, 'identity.pem');
    writeFileSync(file, `${identity.certificate}\n${identity.key}`);
    const port = await closedPort();
    await using activate = new PeerProgram(ACTIVATE, [
      ...['-l', `127.0.0.1:${port}`, '--fdname=secure'],
      ...program(kind, TLS_SERVER, 'systemd:domain=INET:name=secure', file),
    ]);
    await activate.until(() => activate.stderr.includes('Listening'), 'to listen');
    const socket = connectTLS({
      host: '127.0.0.1',
      port,
      servername: HOSTNAME,
      ca: authority.certificate,
    });
    socket.write('hello');
    const [answer] = await within(once(socket, 'data'), 'the answer over TLS');
    expect(String(answer)).toBe('hello');
    expect(activate.stdout).toContain(`listening on 127.0.0.1:${port}`);
    socket.destroy();
  });

  it.each(KINDS)(
    'refuses a socket of another family, and one that is not there (%s)',
    async (kind) => {
      for (const [text, message] of [
        ['systemd:domain=INET6:index=0', 'is not a socket of the family IPv6: its family is IPv4'],
        ['systemd:domain=INET:index=1', 'there is no inherited socket with the index 1'],
        ['systemd:domain=INET:name=other', "there is no inherited socket named 'other'"],
      ] as const) {
        const port = await closedPort();
        await using activate = new PeerProgram(ACTIVATE, [
          ...['-l', `127.0.0.1:${port}`, '--fdname=web'],
          ...program(kind, exampleUrl('endpoint-server'), text),
        ]);
        await activate.until(() => activate.stderr.includes('Listening'), 'to listen');
        await using _client = await RawPeer.connect(port);
        await activate.until(() => activate.stderr.includes('endpoint-server:'), 'to refuse');
        expect(activate.stderr).toContain(message);
      }
    },
  );
});
