/** The contracts of datagram sockets over reactors that are broken on purpose. That they hold for sound ones is in test/contract. */
import { describe, expect, it } from 'vitest';
import {
  type ConnectUNIXDatagramOptions,
  createReactor,
  type DatagramReceiver,
  type ListenUDPOptions,
  type ListenUNIXDatagramOptions,
  UNIXAddress,
} from '../../src/index.js';
import type { ContractCase } from '../../src/testing/contracts/contract-case.js';
import { inRealTime } from '../../src/testing/contracts/reactor/reactor-stage.js';
import { udpContract } from '../../src/testing/contracts/udp/udp-contract.js';
import { unixDatagramContract } from '../../src/testing/contracts/unix-datagram/unix-datagram-contract.js';
import {
  type BrokenReactor,
  brokenBy,
  describeBroken,
  type Mutation,
  SOUND,
} from './broken-reactor.js';
import { simulatedReactor } from './simulated-stage.js';

const udpOver = (mutation: Mutation): ContractCase[] =>
  udpContract(
    brokenBy(mutation, () => simulatedReactor()),
    { poisonsLentBytes: true },
  );

const unixOver = (mutation: Mutation): ContractCase[] =>
  unixDatagramContract(
    brokenBy(mutation, () => simulatedReactor()),
    { files: false },
  );

type Receiver = DatagramReceiver<never>;
type Received = Parameters<Receiver['datagramReceived']>;

/** The protocol with another `datagramReceived`, which is given the original one. */
function delivering(
  protocol: Receiver,
  deliver: (original: Receiver['datagramReceived'], args: Received) => void,
): never {
  const original = protocol.datagramReceived.bind(protocol);
  const datagramReceived = (...args: Received): void => deliver(original, args);
  return Object.assign(protocol, { datagramReceived }) as never;
}

const BROKEN_UDP: readonly BrokenReactor[] = [
  [
    'delivers datagrams twice',
    (reactor) => ({
      listenUDP(port: number, protocol: Receiver, options: ListenUDPOptions) {
        const twice = delivering(protocol, (receive, args) => {
          receive(...args);
          receive(...args);
        });
        return reactor.listenUDP(port, twice, options);
      },
    }),
    'sends datagrams whole and in order, an empty one too',
  ],
  [
    'lets ports be shared',
    (reactor) => ({
      listenUDP: (_port: number, protocol: never, options: ListenUDPOptions) =>
        reactor.listenUDP(0, protocol, options),
    }),
    'throws at once for a port in use',
  ],
  [
    'allows broadcast always',
    (reactor) => ({
      listenUDP: (port: number, protocol: never, options: ListenUDPOptions) =>
        reactor.listenUDP(port, protocol, { ...options, broadcast: true }),
    }),
    'allows broadcast only on request',
  ],
  [
    'ignores maxPacketSize',
    (reactor) => ({
      listenUDP: (port: number, protocol: never, { maxPacketSize, ...rest }: ListenUDPOptions) =>
        reactor.listenUDP(port, protocol, rest),
    }),
    'drops, reports and counts datagrams longer than maxPacketSize',
  ],
];

const BROKEN_UNIX: readonly BrokenReactor[] = [
  [
    'is bound to another path',
    (reactor) => ({
      listenUNIXDatagram: (path: string, protocol: never, options: ListenUNIXDatagramOptions) =>
        reactor.listenUNIXDatagram(`${path}2`, protocol, options),
    }),
    'is bound at once, and calls startProtocol',
  ],
  [
    'gives the sender no path',
    (reactor) => ({
      connectUNIXDatagram: (path: string, protocol: never, o: ConnectUNIXDatagramOptions) => {
        const { bindAddress, ...rest } = o;
        return reactor.connectUNIXDatagram(path, protocol, rest);
      },
    }),
    'sends datagrams whole and in order, with the path of their sender',
  ],
  [
    'invents a path for senders without one',
    (reactor) => ({
      listenUNIXDatagram(path: string, protocol: Receiver, options: ListenUNIXDatagramOptions) {
        const inventive = delivering(protocol, (receive, [data, , ...rest]) =>
          receive(data, new UNIXAddress('/anonymous') as never, ...rest),
        );
        return reactor.listenUNIXDatagram(path, inventive, options);
      },
    }),
    'gives an empty path for a sender without one',
  ],
  [
    'buffers without a limit',
    (reactor) => ({
      connectUNIXDatagram: (path: string, protocol: never, options: ConnectUNIXDatagramOptions) =>
        reactor.connectUNIXDatagram(path, protocol, { ...options, maxBufferedBytes: 1e9 }),
    }),
    'drops and counts datagrams beyond maxBufferedBytes',
  ],
  [
    'buffers little',
    (reactor) => ({
      connectUNIXDatagram: (path: string, protocol: never) =>
        reactor.connectUNIXDatagram(path, protocol, { maxBufferedBytes: 5_000 }),
    }),
    'loses nothing that the queue of a path has no room for',
  ],
  [
    'never stops',
    (reactor) => ({
      listenUNIXDatagram(path: string, protocol: never) {
        const port = reactor.listenUNIXDatagram(path, protocol);
        return Object.assign(port, { stopListening: async () => {} });
      },
    }),
    'frees its path when it stops, and can listen there again',
  ],
];

describe('the contracts of datagram sockets', () => {
  it.each([
    ['UDP', udpOver(SOUND)],
    ['UNIX', unixOver(SOUND)],
  ])('have no two cases of one name: %s', (_kind, cases) => {
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
  });

  it('fail over a reactor without UNIX datagrams, unless told', async () => {
    const node = inRealTime(() => createReactor({ kind: 'node' }));
    for (const { run } of unixDatagramContract(node, { supported: false })) await run();
    const [untold] = unixDatagramContract(node);
    await expect(untold?.run()).rejects.toThrow('listenUNIXDatagram is not supported');
    const [told] = unixDatagramContract(() => simulatedReactor(), { supported: false });
    await expect(told?.run()).rejects.toThrow('Missing expected exception');
  });
});

describeBroken('the UDP contract', udpOver, BROKEN_UDP);
describeBroken('the UNIX datagram contract', unixOver, BROKEN_UNIX);
