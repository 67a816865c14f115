/** `ropewalk run` with programs of systemd, and a notify socket of Python. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAIN, RunningProgram } from '../cli/run-program.js';
import { DRAINED_ECHO } from '../cli/upgrade-load.js';
import { KINDS } from '../examples/programs.js';
import { hasProgram, PeerProgram } from '../support/peers.js';
import { closedPort, RawPeer } from '../support/raw-peer.js';

const ACTIVATE = 'systemd-socket-activate';
const NOTIFY = 'systemd-notify';
const PYTHON = 'python3';
for (const name of [ACTIVATE, NOTIFY, PYTHON]) {
  if (!hasProgram(name)) console.warn(`skipped: there is no ${name} here`);
}

const RECEIVER = `
import socket, sys
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
print('ready', flush=True)
while True:
    print(receiver.recv(65536).decode().replace('\\n', ' '), flush=True)
`;

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
  file = join(folder, 'program.mjs');
  writeFileSync(file, DRAINED_ECHO);
});

afterEach(() => rmSync(folder, { recursive: true }));

async function echoes(port: number): Promise<void> {
  await using peer = await RawPeer.connect(port);
  peer.write('hello');
  expect(String(await peer.receive(5))).toBe('hello');
}

describe.skipIf(!hasProgram(ACTIVATE))('a program with an inherited socket', () => {
  it('passes it on to its successor', async () => {
    const port = await closedPort();
    await using activate = new PeerProgram(ACTIVATE, [
      ...['-l', `127.0.0.1:${port}`, '--fdname=echo', '-E', 'PATH', process.execPath],
      ...[fileURLToPath(MAIN), 'run', '--reactor', 'native', file, 'systemd:name=echo'],
    ]);
    await activate.until(() => activate.stderr.includes('Listening'), 'to listen');
    const started = (count: number): Promise<void> =>
      activate.until(
        () => (activate.stdout.match(/started, process/g)?.length ?? 0) >= count,
        `start ${count} times; it printed ${activate.stdout}`,
      );
    await echoes(port);
    await started(1);
    activate.process.kill('SIGUSR2'); // systemd-socket-activate has become the program
    await started(2);
    await activate.until(() => activate.stdout.includes('has taken over'), 'to be replaced');
    await echoes(port);
    const [, successor] = /process (\d+) has taken over/.exec(activate.stdout) ?? [];
    process.kill(Number(successor), 'SIGTERM');
    await activate.until(() => activate.stdout.includes('SIGTERM: draining'), 'to stop');
  });
});

describe.skipIf(!hasProgram(PYTHON) || !hasProgram(NOTIFY)).each(KINDS)(
  'a notify socket (%s)',
  (kind) => {
    it('receives the life of the program', async () => {
      const path = join(folder, 'notify.sock');
      await using receiver = new PeerProgram(PYTHON, ['-c', RECEIVER, path]);
      await receiver.until(() => receiver.stdout.includes('ready'), 'to be ready');
      const env = { NOTIFY_SOCKET: path, WATCHDOG_USEC: '200000' };
      await using program = await RunningProgram.start(['--reactor', kind, file], { env });
      for (const message of ['READY=1', 'WATCHDOG=1']) {
        await receiver.until(() => receiver.stdout.includes(message), `to receive ${message}`);
      }
      program.process.kill('SIGTERM');
      await receiver.until(() => receiver.stdout.includes('STOPPING=1'), 'to receive STOPPING');
      expect((await program.result()).signal).toBe('SIGTERM');
    });
  },
);
