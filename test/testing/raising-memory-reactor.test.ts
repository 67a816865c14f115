import { describe, expect, it } from 'vitest';
import { UnknownOptionError } from '../../src/core/errors/arguments.js';
import { UnsupportedError } from '../../src/core/errors/reactor.js';
import { Protocol } from '../../src/core/protocol.js';
import {
  RaisingMemoryReactor,
  type RaisingMemoryReactorOptions,
} from '../../src/testing/raising-memory-reactor.js';

const listenError = new Error('can not listen');
const connectError = new Error('can not connect');

type Call = (reactor: RaisingMemoryReactor) => unknown;

const LISTENING: readonly [string, Call][] = [
  ['listenTCP', (reactor) => reactor.listenTCP(80, Protocol)],
  ['listenUNIX', (reactor) => reactor.listenUNIX('/run/x', Protocol)],
  ['listenUDP', (reactor) => reactor.listenUDP(53, {})],
];

const CONNECTING: readonly [string, Call][] = [
  ['connectTCP', (reactor) => reactor.connectTCP('a', 80, Protocol)],
  ['connectUNIX', (reactor) => reactor.connectUNIX('/run/x', Protocol)],
];

/** Those that no memory reactor has. */
const LISTENING_ELSEWHERE: readonly [string, Call][] = [
  ['listenUNIXDatagram', (reactor) => reactor.listenUNIXDatagram('/run/x', {})],
  ['adoptStreamPort', (reactor) => reactor.adoptStreamPort(7, Protocol)],
  ['adoptDatagramPort', (reactor) => reactor.adoptDatagramPort(7, {})],
];

const CONNECTING_ELSEWHERE: readonly [string, Call][] = [
  ['connectUNIXDatagram', (reactor) => reactor.connectUNIXDatagram('/run/x', {})],
  ['adoptPipe', (reactor) => reactor.adoptPipe(7, Protocol, { direction: 'read' })],
  ['adoptStreamConnection', (reactor) => reactor.adoptStreamConnection(7, Protocol)],
];

const raising = (options: RaisingMemoryReactorOptions): RaisingMemoryReactor =>
  new RaisingMemoryReactor(options);

describe('RaisingMemoryReactor', () => {
  it.each([...LISTENING, ...LISTENING_ELSEWHERE])('raises listenError in %s', (_name, call) => {
    expect(() => call(raising({ listenError }))).toThrow(listenError);
  });

  it.each([...CONNECTING, ...CONNECTING_ELSEWHERE])('raises connectError in %s', (_name, call) => {
    expect(() => call(raising({ connectError }))).toThrow(connectError);
  });

  it('works as a memory reactor if it has no error', () => {
    const listening = raising({ connectError });
    for (const [, call] of LISTENING) call(listening);
    const { tcpServers, unixServers, udpPorts } = listening;
    expect([tcpServers.length, unixServers.length, udpPorts.length]).toEqual([1, 1, 1]);
    const connecting = raising({ listenError });
    for (const [, call] of CONNECTING) call(connecting);
    expect([connecting.tcpClients.length, connecting.unixClients.length]).toEqual([1, 1]);
    for (const [, call] of [...LISTENING_ELSEWHERE, ...CONNECTING_ELSEWHERE]) {
      expect(() => call(raising({}))).toThrow(UnsupportedError);
    }
  });

  it('reports errors of application code to reportError', () => {
    const errors: unknown[] = [];
    const reactor = raising({ listenError, reportError: (error) => errors.push(error) });
    reactor.callLater(0, () => {
      throw connectError;
    });
    reactor.advance(0);
    expect(errors).toEqual([connectError]);
  });

  it('refuses an invalid error, and unknown options', () => {
    expect(() => raising({ listenError: 'no' as never })).toThrow(TypeError);
    expect(() => raising({ connectErrors: connectError } as never)).toThrow(UnknownOptionError);
  });
});
