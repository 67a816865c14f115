/** Connects two protocols to each other, over real sockets or over memory, until both ends are gone. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Clock } from '../core/clock.js';
import type { ErrorReporter } from '../core/error-reporter.js';
import type { Reactor } from '../core/reactor.js';
import type { StreamProtocol } from '../core/stream-protocol.js';
import type { Deferred } from '../defer/deferred.js';
import { checkClock, checkFunction, checkInteger } from '../internal/check.js';
import { reportError as reportErrorByDefault } from '../internal/error-report.js';
import { checkLocalAddress } from '../internal/host.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { socketPathIn } from './contracts/socket-path.js';
import { LoopbackEnds, type LoopbackReasons } from './loopback-ends.js';
import type { PumpPolicy } from './pump-policy.js';
import { faultSettings, type SimulationFaults } from './simulation/faults.js';
import { Network } from './simulation/network.js';
import { SeededRandom } from './simulation/random.js';
import { SimulatedReactor } from './simulation/simulated-reactor.js';
import { Trace } from './simulation/trace.js';

export interface LoopbackTCPOptions {
  /** An address of this machine. Default 127.0.0.1. */
  readonly host?: string;
}

export interface LoopbackAsyncOptions {
  /** How writes become pieces. Default: each write is a piece, cut or joined by `faults` only. */
  readonly pumpPolicy?: PumpPolicy;
  /** The faults of the network between the two. Default: none, and no latency. */
  readonly faults?: SimulationFaults;
  /** Determines the faults: a whole number from 0 to 2^32 - 1. Default 1. */
  readonly seed?: number;
  /** Receives exceptions of the protocols. Default: they are reported like all errors of Ropewalk. */
  readonly reportError?: ErrorReporter;
}

const TCP_OPTIONS: OptionNames<LoopbackTCPOptions> = { host: true };

const ASYNC_OPTIONS: OptionNames<LoopbackAsyncOptions> = {
  pumpPolicy: true,
  faults: true,
  seed: true,
  reportError: true,
};

/**
 * Runs a session between two protocols over TCP.
 *
 * @returns Fires when `connectionLost` of both protocols has been called and the port is closed. Fails if the connection is not
 * made. `cancel` aborts it.
 * @throws CannotListenError, InvalidArgumentTypeError
 * @example await loopbackTCP(reactor, new Greeter(reactor), client);
 */
export function loopbackTCP(
  reactor: Reactor,
  server: StreamProtocol,
  client: StreamProtocol,
  options: LoopbackTCPOptions = {},
): Deferred<LoopbackReasons> {
  checkOptions('loopbackTCP', options, TCP_OPTIONS);
  const host = checkLocalAddress('host', options.host ?? '127.0.0.1');
  const ends = new LoopbackEnds(server, client);
  const port = reactor.listenTCP(0, ends.serverFactory, { interface: host });
  return ends.run(port, () => reactor.connectTCP(host, port.getHost().port, ends.clientFactory));
}

/** {@link loopbackTCP} over a UNIX socket, in a temporary folder that is removed at the end. */
export function loopbackUNIX(
  reactor: Reactor,
  server: StreamProtocol,
  client: StreamProtocol,
): Deferred<LoopbackReasons> {
  const ends = new LoopbackEnds(server, client);
  const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
  const path = socketPathIn(folder, 'loopback');
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const port = reactor.listenUNIX(path, ends.serverFactory);
    return ends
      .run(port, () => reactor.connectUNIX(path, ends.clientFactory))
      .addBoth((result) => {
        remove();
        return result;
      });
  } catch (error) {
    remove();
    throw error;
  }
}

/**
 * {@link loopbackTCP} over memory: the bytes that one protocol writes reach the other in a later turn of the clock.
 *
 * @param clock A reactor, or a `ManualClock`.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError
 * @example await loopbackAsync(reactor, server, client, { pumpPolicy: collapsingPumpPolicy });
 */
export function loopbackAsync(
  clock: Clock,
  server: StreamProtocol,
  client: StreamProtocol,
  options: LoopbackAsyncOptions = {},
): Deferred<LoopbackReasons> {
  checkClock('clock', clock);
  checkOptions('loopbackAsync', options, ASYNC_OPTIONS);
  const { pumpPolicy, faults = {}, seed = 1, reportError = reportErrorByDefault } = options;
  if (pumpPolicy !== undefined) checkFunction('pumpPolicy', pumpPolicy);
  checkFunction('reportError', reportError);
  const network = new Network({
    clock,
    trace: new Trace('connections', () => clock.now()),
    faults: faultSettings({ latencyMs: 0, ...faults }),
    random: new SeededRandom(checkInteger('seed', seed, 0, 2 ** 32 - 1)),
  });
  const [there, here] = (['server', 'client'] as const).map(
    (name) =>
      new SimulatedReactor({
        clock,
        network,
        host: network.addHost(name),
        reportError,
        pumpPolicy,
      }),
  ) as [SimulatedReactor, SimulatedReactor];
  const ends = new LoopbackEnds(server, client);
  const port = there.listenTCP(80, ends.serverFactory);
  return ends.run(port, () => here.connectTCP('server', 80, ends.clientFactory));
}
