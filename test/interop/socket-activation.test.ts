/** Sockets that systemd-socket-activate opens for a program. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exampleUrl, KINDS } from '../examples/programs.js';
import { hasProgram, PeerProgram } from '../support/peers.js';
import { closedPort, RawPeer } from '../support/raw-peer.js';

const ACTIVATE = 'systemd-socket-activate';
const AVAILABLE = hasProgram(ACTIVATE);
if (!AVAILABLE) console.warn(`skipped: there is no ${ACTIVATE} here`);

/** What a program of examples/ is started with, by `systemd-socket-activate`. */
function program(kind: string, name: string, ...args: string[]): string[] {
  const environment = ['-E', `ROPEWALK_REACTOR=${kind}`, '-E', 'PATH', '-E', 'HOME'];
  const file = fileURLToPath(exampleUrl(name));
  return [...environment, process.execPath, '--import', 'tsx', file, ...args];
}

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
      ...program(kind, 'activated-server'),
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
      'haproxy:systemd\\:name=proxied',
    ];
    const listen = [`127.0.0.1:${first}`, path, `127.0.0.1:${second}`].flatMap((at) => ['-l', at]);
    await using activate = new PeerProgram(ACTIVATE, [
      ...listen,
      '--fdname=web:local:proxied',
      ...program(kind, 'endpoint-server', ...texts),
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

  it.each(KINDS)(
    'refuses a socket of another family, and one that is not there (%s)',
    async (kind) => {
      for (const [text, message] of [
        ['systemd:domain=INET6:index=0', 'must be a socket of the family IPv6'],
        ['systemd:domain=INET:index=1', 'there is no inherited socket with the index 1'],
        ['systemd:domain=INET:name=other', "there is no inherited socket named 'other'"],
      ] as const) {
        const port = await closedPort();
        await using activate = new PeerProgram(ACTIVATE, [
          ...['-l', `127.0.0.1:${port}`, '--fdname=web'],
          ...program(kind, 'endpoint-server', text),
        ]);
        await activate.until(() => activate.stderr.includes('Listening'), 'to listen');
        await using _client = await RawPeer.connect(port);
        await activate.until(() => activate.stderr.includes('endpoint-server:'), 'to refuse');
        expect(activate.stderr).toContain(message);
      }
    },
  );
});
