/** Serial lines, played by pseudo-terminals: socat(1) makes the line, stty(1) tells its parameters. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import {
  openSerialPort,
  type PipeTransport,
  type SerialPortOptions,
  UnsupportedError,
} from '../../src/index.js';
import { contract, type Rig } from '../support/contract.js';
import { needs } from '../support/platform.js';
import { Recorder } from '../support/recorder.js';
import { temporaryFolder } from '../support/unix.js';

/** Two ends of a line, as paths of devices. */
async function openLine(rig: Rig): Promise<readonly [string, string]> {
  const folder = temporaryFolder(rig);
  const ends = [join(folder, 'a'), join(folder, 'b')] as const;
  const line = spawn(
    'socat',
    ends.map((path) => `pty,link=${path}`),
    { stdio: 'inherit' },
  );
  rig.use({
    async [Symbol.asyncDispose]() {
      line.kill();
      await new Promise((resolve) => line.once('close', resolve));
    },
  });
  while (!ends.every(existsSync)) await rig.turns(1);
  return ends;
}

function parametersOf(path: string): string {
  return String(execFileSync('stty', ['-F', path, '-a']));
}

contract('openSerialPort', (rig) => {
  beforeEach(() => {
    needs('fifos');
  });

  const open = (path: string, options?: SerialPortOptions): Recorder => {
    const protocol = new Recorder();
    expect(openSerialPort(rig.reactor, path, () => protocol, options)?.isTerminal).toBe(true);
    return protocol;
  };

  it('sets the parameters of a line, and passes all bytes unchanged', async () => {
    const [near, far] = await openLine(rig);
    if (!rig.native) {
      expect(() => open(near)).toThrow(UnsupportedError);
      return;
    }
    const one = open(near, { baudRate: 115_200, stopBits: 2, flowControl: 'hardware' });
    const other = open(far, { baudRate: 250_000 });
    expect(parametersOf(near)).toMatch(/speed 115200 baud[\s\S]* cstopb[\s\S]* crtscts/);
    expect(parametersOf(near)).toMatch(/-icanon[\s\S]* -echo /);
    const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    one.call('write', all);
    expect((await other.receive(256)).equals(all)).toBe(true);
    other.call('write', all);
    expect((await one.receive(256)).equals(all)).toBe(true);
    expect(String(one.transport.getPeer())).toBe(near);
    (one.transport as PipeTransport).configureSerial({ flowControl: 'software' });
    expect(parametersOf(near)).toMatch(/speed 9600 baud[\s\S]* -cstopb[\s\S]* ixon ixoff/);
    for (const protocol of [one, other]) protocol.call('loseConnection');
    await Promise.all([one.lost(), other.lost()]);
  });

  const SETTINGS: readonly (readonly [SerialPortOptions, RegExp])[] = [
    ...[50, 1200, 19_200, 230_400, 4_000_000].map(
      (baudRate) => [{ baudRate }, new RegExp(`speed ${baudRate} baud`)] as const,
    ),
    [{ baudRate: 31_250 }, /speed (31250|0) baud/], // stty may not know it
    [{ stopBits: 1 }, / -cstopb/],
    [{ stopBits: 2 }, / cstopb/],
    [{ dataBits: 8, parity: 'none' }, /-parenb[\s\S]* cs8/],
    [{ flowControl: 'none' }, / -crtscts[\s\S]* -ixon -ixoff/],
    [{ flowControl: 'hardware' }, / crtscts[\s\S]* -ixon -ixoff/],
    [{ flowControl: 'software' }, / -crtscts[\s\S]* ixon ixoff/],
  ];

  it('sets each parameter, or names the one that the line lacks', async () => {
    const [near] = await openLine(rig);
    if (!rig.native) {
      for (const [options] of SETTINGS) expect(() => open(near, options)).toThrow(UnsupportedError);
      return;
    }
    const protocol = open(near);
    const line = protocol.transport as PipeTransport;
    for (const [options, shown] of SETTINGS) {
      line.configureSerial(options);
      expect(parametersOf(near), JSON.stringify(options)).toMatch(shown);
    }
    line.configureSerial({ baudRate: 19_200, stopBits: 2 });
    // Pseudo-terminals have 8 data bits and no parity.
    for (const dataBits of [5, 6, 7] as const) {
      expect(() => line.configureSerial({ dataBits })).toThrow(/data bits/);
    }
    for (const parity of ['even', 'odd'] as const) {
      expect(() => line.configureSerial({ parity })).toThrow(/parity/);
    }
    expect(parametersOf(near)).toMatch(/speed 19200 baud[\s\S]* cstopb/);
    protocol.call('loseConnection');
    await protocol.lost();
    expect(() => open(near, { parity: 'odd' })).toThrow(UnsupportedError);
  });

  it('refuses what is no line', () => {
    expect(() => open('/dev/nonexistent')).toThrow(
      expect.objectContaining({ code: 'ERR_SERIAL_PORT', path: '/dev/nonexistent' }),
    );
    expect(() => open('/dev/null')).toThrow(UnsupportedError);
    expect(() => open('/dev/null', { dataBits: 9 as 8 })).toThrow(RangeError);
    expect(() => open('/dev/null', { parity: 'mark' as 'odd' })).toThrow(RangeError);
  });
});
