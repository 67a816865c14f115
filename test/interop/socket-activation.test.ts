/** Sockets that systemd-socket-activate opens for a program. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { exampleUrl, KINDS } from '../examples/programs.js';
import { hasProgram, PeerProgram } from '../support/peers.js';
import { closedPort, RawPeer } from '../support/raw-peer.js';

const ACTIVATE = 'systemd-socket-activate';
const AVAILABLE = hasProgram(ACTIVATE);
if (!AVAILABLE) console.warn(`skipped: there is no ${ACTIVATE} here`);

describe.skipIf(!AVAILABLE)('a socket-activated program', () => {
  it.each(KINDS)('serves the sockets it was given, by their names (%s)', async (kind) => {
    const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
    const path = join(folder, 'echo.sock');
    const port = await closedPort();
    const program = [
      process.execPath,
      '--import',
      'tsx',
      fileURLToPath(exampleUrl('activated-server')),
    ];
    const listen = ['-l', `127.0.0.1:${port}`, '-l', path, '--fdname=tcp:unix'];
    const environment = ['-E', `ROPEWALK_REACTOR=${kind}`, '-E', 'PATH', '-E', 'HOME'];
    await using activate = new PeerProgram(ACTIVATE, [...listen, ...environment, ...program]);
    await activate.until(() => activate.stderr.includes(path), 'to listen');
    // The first connection starts the program, and is not lost.
    await using client = await RawPeer.connect(port);
    client.write('hello');
    expect(String(await client.receive(5))).toBe('hello');
    expect(activate.stdout).toContain(`tcp: descriptor 3 listens on 127.0.0.1:${port}`);
    // Node can't tell the path of a socket that it did not open.
    const known = kind === 'native' ? path : '';
    expect(activate.stdout).toContain(`unix: descriptor 4 listens on ${known}`);
    const unix = new RawPeer(createConnection(path));
    await using _unix = unix;
    unix.write('again');
    expect(String(await unix.receive(5))).toBe('again');
    rmSync(folder, { recursive: true });
  });
});
