/** What the pure-JS reactor refuses: the table of docs/pure-js-reactor.md, row by row. */
import { openSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createReactor,
  ProcessProtocol,
  type Reactor,
  type SocketTransport,
  type SpawnOptions,
  type TCPTransport,
  type UNIXTransport,
  UnsupportedError,
} from '../../src/index.js';
import { canReusePort, keepsAbstractNames } from '../../src/reactor/node/net-handle.js';
import { Rig } from '../support/contract.js';
import { DatagramRecorder, openUDP } from '../support/datagrams.js';
import { Duplicator } from '../support/descriptors.js';
import { pair } from '../support/pairs.js';
import { needs } from '../support/platform.js';
import { reactorMaker } from '../support/reactors.js';
import { Recorder, RecordingFactory, recorders } from '../support/recorder.js';
import { socketPath, unixPair } from '../support/unix.js';

type Act = (rig: Rig) => unknown;

const listens =
  (options: object): Act =>
  ({ reactor }) =>
    reactor.listenTCP(0, recorders(), options);
const connects =
  (options: object): Act =>
  ({ reactor }) =>
    reactor.connectTCP('127.0.0.1', 9, recorders(), options);
const opensUDP =
  (options: object): Act =>
  (rig) =>
    openUDP(rig, options);
const both = (options: object): Act[] => [listens(options), connects(options)];

const descriptor = {
  fileno: () => 0,
  doRead() {},
  doWrite() {},
  connectionLost() {},
};
const watches =
  (method: 'addReader' | 'addWriter' | 'removeReader' | 'removeWriter'): Act =>
  ({ reactor }) =>
    reactor[method](descriptor);

const onUNIX =
  (call: (transport: UNIXTransport) => unknown): Act =>
  async (rig) =>
    call((await unixPair(rig)).client.transport as UNIXTransport);

/** A protocol that waits for descriptors: the reason of its end. */
const waitsForDescriptors: Act = async (rig) => {
  class Waiting extends Recorder {
    fileDescriptorReceived(): void {}
  }
  const client = new Waiting();
  await unixPair(rig, { client });
  const reason = await client.lost();
  expect(rig.takeReports()).toEqual([{ error: reason, where: 'start' }]);
  throw reason;
};

const adoptedTCP =
  (call: (transport: TCPTransport) => unknown): Act =>
  async (rig) => {
    const native = rig.use(createReactor({ kind: 'native' }));
    const client = new Recorder();
    const { port } = rig.reactor.listenTCP(0, recorders(), { interface: '127.0.0.1' }).getHost();
    native.connectTCP('127.0.0.1', port, new RecordingFactory(() => client));
    await client.made();
    const { fd } = await (client.transport as SocketTransport).detach();
    const transport = rig.reactor.adoptStreamConnection(fd, recorders(), { takeOver: true });
    return call(transport as TCPTransport);
  };

const adoptedUDP =
  (call: (port: ReturnType<Reactor['listenUDP']>) => unknown): Act =>
  async (rig) => {
    const duplicator = await Duplicator.open(rig);
    const fd = await duplicator.duplicate(openUDP(rig).port.fileno());
    const options = { takeOver: true };
    return call(rig.reactor.adoptDatagramPort(fd, new DatagramRecorder(), options));
  };

/** Rows about sockets that were adopted. */
const OF_DESCRIPTORS = [
  'takeOver: false',
  'getTcpNoDelay',
  'getTcpKeepAlive',
  'broadcast',
  'multicastTTL',
  'multicastLoopback',
];

const spawns =
  (options: SpawnOptions): Act =>
  ({ reactor }) =>
    reactor.spawnProcess(new ProcessProtocol(), '/bin/true', options);

const REFUSALS: Readonly<Record<string, readonly Act[]>> = {
  'keepAlive.intervalMs': both({ keepAlive: { intervalMs: 1000 } }),
  'keepAlive.count': both({ keepAlive: { count: 3 } }),
  lingerSeconds: both({ lingerSeconds: 1 }),
  sendBufferBytes: [
    ...both({ sendBufferBytes: 4096 }),
    (rig) => rig.reactor.listenUNIX(socketPath(rig), recorders(), { sendBufferBytes: 4096 }),
    (rig) => rig.reactor.connectUNIX(socketPath(rig), recorders(), { sendBufferBytes: 4096 }),
  ],
  receiveBufferBytes: both({ receiveBufferBytes: 4096 }),
  userTimeoutMs: both({ userTimeoutMs: 1000 }),
  fastOpen: [connects({ fastOpen: true })],
  fastOpenQueue: [listens({ fastOpenQueue: 5 })],
  deferAcceptMs: [listens({ deferAcceptMs: 1000 })],
  reuseAddress: [listens({ reuseAddress: false })],
  reusePort: canReusePort() ? [] : [listens({ reusePort: true }), opensUDP({ reusePort: true })],
  pty: [spawns({ pty: true })],
  umask: [spawns({ umask: 0o077 })],
  groups: [spawns({ gid: 0, groups: [0] })],
  processGroup: [spawns({ processGroup: 'new' })],
  limits: [spawns({ limits: { openFiles: 64 } })],
  addReader: [watches('addReader')],
  addWriter: [watches('addWriter')],
  removeReader: [watches('removeReader')],
  removeWriter: [watches('removeWriter')],
  'an abstract name': keepsAbstractNames()
    ? []
    : [
        ({ reactor }) => reactor.listenUNIX('\0ropewalk', recorders()),
        ({ reactor }) => reactor.connectUNIX('\0ropewalk', recorders()),
      ],
  getPeerCredentials: [onUNIX((transport) => transport.getPeerCredentials())],
  sendFileDescriptor: [onUNIX((transport) => transport.sendFileDescriptor(0))],
  maxWaitingDescriptors: [
    onUNIX((transport) => {
      transport.maxWaitingDescriptors = 1;
    }),
  ],
  fileDescriptorReceived: [waitsForDescriptors],
  detach: [
    onUNIX((transport) => transport.detach()),
    async (rig) => ((await pair(rig)).client.transport as SocketTransport).detach(),
  ],
  'takeOver: false': [
    ({ reactor }) => reactor.adoptStreamPort(0, recorders()),
    ({ reactor }) => reactor.adoptStreamConnection(0, recorders()),
    ({ reactor }) => reactor.adoptDatagramPort(0, new DatagramRecorder()),
    ({ reactor }) =>
      reactor.adoptPipe(openSync('/dev/null', 'r'), recorders(), { direction: 'read' }),
  ],
  configureSerial: [
    ({ reactor }) =>
      reactor.adoptPipe(openSync('/dev/null', 'r+'), recorders(), {
        ...{ direction: 'both', takeOver: true, serial: {} },
      }),
  ],
  getTcpNoDelay: [adoptedTCP((transport) => transport.getTcpNoDelay())],
  getTcpKeepAlive: [adoptedTCP((transport) => transport.getTcpKeepAlive())],
  listenUNIXDatagram: [(rig) => rig.reactor.listenUNIXDatagram(socketPath(rig), () => {})],
  connectUNIXDatagram: [(rig) => rig.reactor.connectUNIXDatagram(socketPath(rig), () => {})],
  packetInfo: [opensUDP({ packetInfo: true })],
  receiveTrafficClass: [opensUDP({ receiveTrafficClass: true })],
  receiveOffload: [opensUDP({ receiveOffload: true })],
  source: [
    (rig) => {
      const { port, number } = openUDP(rig);
      port.write('x', { host: '127.0.0.1', port: number }, { source: '127.0.0.1' });
    },
  ],
  setTrafficClass: [(rig) => openUDP(rig).port.setTrafficClass(8)],
  broadcast: [adoptedUDP((port) => port.getBroadcastAllowed())],
  multicastTTL: [adoptedUDP((port) => port.getMulticastTTL())],
  multicastLoopback: [adoptedUDP((port) => port.getMulticastLoopback())],
};

/** First column of the table. */
function documented(): string[] {
  const text = readFileSync(new URL('../../docs/pure-js-reactor.md', import.meta.url), 'utf8');
  return [...text.matchAll(/^\| `([^`]+)` \|/gm)].map(([, feature]) => feature as string);
}

describe('the pure-JS reactor', () => {
  const rig = new Rig(reactorMaker('node'));
  afterEach(() => rig.dispose());

  it('refuses exactly the options that its documentation lists', () => {
    expect(documented()).toEqual(Object.keys(REFUSALS));
  });

  for (const [feature, acts] of Object.entries(REFUSALS)) {
    it.skipIf(acts.length === 0)(`refuses by name: ${feature}`, async () => {
      if (OF_DESCRIPTORS.includes(feature)) needs('descriptors');
      for (const act of acts) {
        const error = await Promise.resolve(rig)
          .then(act)
          .catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(UnsupportedError);
        expect(error).toMatchObject({ feature });
      }
    });
  }
});
