/** What Windows lacks is refused by name, on every reactor; what is called a UNIX socket is a named pipe there. */
import { beforeEach, expect, it } from 'vitest';
import { InvalidArgumentValueError, UnsupportedError } from '../../src/index.js';
import { contract, type Rig } from '../support/contract.js';
import { DatagramRecorder } from '../support/datagrams.js';
import { needs } from '../support/platform.js';
import { recorders } from '../support/recorder.js';
import { socketPath, unixPair } from '../support/unix.js';

const descriptor = { fileno: () => 0, doRead() {}, doWrite() {}, connectionLost() {} };

type Act = (rig: Rig) => unknown;

const REFUSED: readonly (readonly [string, Act])[] = [
  ['mode', (rig) => rig.reactor.listenUNIX(socketPath(rig), recorders(), { mode: 0o600 })],
  ['wantPID', (rig) => rig.reactor.listenUNIX(socketPath(rig), recorders(), { wantPID: true })],
  ['checkPID', (rig) => rig.reactor.connectUNIX(socketPath(rig), recorders(), { checkPID: true })],
  ['an abstract name', ({ reactor }) => reactor.listenUNIX('\0ropewalk', recorders())],
  [
    'loseWriteConnection',
    async (rig) => (await unixPair(rig)).client.transport.loseWriteConnection(),
  ],
  ['listenUNIXDatagram', (rig) => rig.reactor.listenUNIXDatagram(socketPath(rig), {})],
  ['adoptStreamPort', ({ reactor }) => reactor.adoptStreamPort(0, recorders())],
  ['adoptStreamConnection', ({ reactor }) => reactor.adoptStreamConnection(0, recorders())],
  ['adoptDatagramPort', ({ reactor }) => reactor.adoptDatagramPort(0, new DatagramRecorder())],
  ['adoptPipe', ({ reactor }) => reactor.adoptPipe(0, recorders(), { direction: 'read' })],
  ['addReader', ({ reactor }) => reactor.addReader(descriptor)],
  ['addWriter', ({ reactor }) => reactor.addWriter(descriptor)],
];

contract('on Windows, a reactor', (rig) => {
  beforeEach(() => needs('namedPipes'));

  it.each(REFUSED)('refuses by name: %s', async (feature, act) => {
    const thrown: unknown = await Promise.resolve(rig)
      .then(act)
      .catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(UnsupportedError);
    expect(thrown).toMatchObject({ feature });
  });

  it.each(['C:\\socket', '/tmp/socket', '\\\\.\\pipe\\', `\\\\.\\pipe\\${'x'.repeat(250)}`])(
    'refuses what is no name of a pipe: %s',
    (path) => {
      expect(() => rig.reactor.listenUNIX(path, recorders())).toThrow(InvalidArgumentValueError);
      expect(() => rig.reactor.connectUNIX(path, recorders())).toThrow(InvalidArgumentValueError);
    },
  );
});
