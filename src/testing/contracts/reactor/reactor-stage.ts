/** Reactors as stages of contracts: means of waiting, and pairs and clocks made of any reactor. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ClientFactory } from '../../../core/factory.js';
import { Protocol } from '../../../core/protocol.js';
import type { Reactor } from '../../../core/reactor.js';
import type { StreamProtocol } from '../../../core/stream-protocol.js';
import {
  checkChoice,
  checkFunction,
  checkMilliseconds,
  checkString,
} from '../../../internal/check.js';
import { checkOptions, type OptionNames } from '../../../internal/options.js';
import type { ClockStage } from '../clock/clock-stage.js';
import type { ContractStage } from '../contract-case.js';
import { socketPathIn } from '../socket-path.js';
import type { MakePair } from '../transport/scene.js';

/** A reactor of its own for one case. */
export interface ReactorStage extends ContractStage {
  readonly reactor: Reactor;
  /** An address of this machine that the reactor can listen on and connect to. */
  readonly host: string;
}

export type MakeReactorStage = () => ReactorStage | PromiseLike<ReactorStage>;

/** Default limit for one wait of a case over a reactor in real time. */
const REAL_TIME_DEADLINE_MS = 8_000;

export interface RealTimeOptions {
  /** An address of this machine to listen on and connect to. Default 127.0.0.1. */
  readonly host?: string;
  /** Limit for one wait. Default {@link REAL_TIME_DEADLINE_MS}. */
  readonly deadlineMs?: number;
}

const REAL_TIME_OPTIONS: OptionNames<RealTimeOptions> = { host: true, deadlineMs: true };

const [setImmediateOfNode, setTimeoutOfNode] = [setImmediate, setTimeout];

/**
 * A condition is checked in this many turns one after the other, and then once a millisecond: a loop
 * that never sleeps takes the processor from the threads and peers that it waits for.
 */
const EAGER_TURNS = 50;

/**
 * Stages of a reactor that uses real time and Node's loop. Make it without `reportError`: cases look for errors
 * in the default place.
 *
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError
 * @example transportContract(pairsOver(inRealTime(() => createReactor({ kind: 'node' }))))
 */
export function inRealTime(
  makeReactor: () => Reactor,
  options: RealTimeOptions = {},
): () => ReactorStage {
  checkOptions('inRealTime', options, REAL_TIME_OPTIONS);
  const { host = '127.0.0.1', deadlineMs = REAL_TIME_DEADLINE_MS } = options;
  checkFunction('makeReactor', makeReactor);
  checkString('host', host);
  checkMilliseconds('deadlineMs', deadlineMs);
  return () => {
    const reactor = makeReactor();
    const until: ContractStage['until'] = (condition, what) =>
      untilInRealTime(condition, what, deadlineMs);
    return {
      reactor,
      host,
      until,
      settle: () => roundTrips(reactor, host, until),
      dispose: async () => await reactor[Symbol.asyncDispose](),
    };
  };
}

export interface PairOptions {
  /** The kind of connection. Default `tcp`. Over `unix`, give the transport contract `resets: false`. */
  readonly via?: 'tcp' | 'unix';
}

const PAIR_OPTIONS: OptionNames<PairOptions> = { via: true };

/**
 * Connects protocols over a reactor.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError
 */
export function pairsOver(makeStage: MakeReactorStage, options: PairOptions = {}): MakePair {
  checkOptions('pairsOver', options, PAIR_OPTIONS);
  const connect =
    checkChoice('via', options.via ?? 'tcp', ['tcp', 'unix']) === 'tcp' ? connectTCP : connectUNIX;
  return async (client, server) => {
    const stage = await makeStage();
    try {
      return connect(stage, client, server);
    } catch (error) {
      await stage.dispose();
      throw error;
    }
  };
}

type ConnectPair = (
  stage: ReactorStage,
  client: StreamProtocol,
  server: StreamProtocol,
) => ContractStage;

class PairFactory extends ClientFactory {
  readonly #protocol: StreamProtocol;

  constructor(protocol: StreamProtocol) {
    super();
    this.#protocol = protocol;
  }

  override buildProtocol(): StreamProtocol {
    return this.#protocol;
  }

  /** A server that aborts in `connectionMade` may be faster than the client's attempt. */
  override clientConnectionFailed(): void {}
}

const connectTCP: ConnectPair = (stage, client, server) => {
  const { reactor, host } = stage;
  const listening = reactor.listenTCP(0, () => server, { interface: host });
  reactor.connectTCP(host, listening.getHost().port, new PairFactory(client));
  return stage;
};

const connectUNIX: ConnectPair = (stage, client, server) => {
  const { reactor } = stage;
  const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
  const path = socketPathIn(folder, 'pair');
  reactor.listenUNIX(path, () => server);
  reactor.connectUNIX(path, new PairFactory(client));
  return {
    until: (condition, what) => stage.until(condition, what),
    settle: () => stage.settle(),
    dispose: async () => {
      await stage.dispose();
      rmSync(folder, { recursive: true });
    },
  };
};

/** A reactor as a clock. */
export function clocksOver(makeStage: MakeReactorStage): () => Promise<ClockStage> {
  return async () => {
    const stage = await makeStage();
    const { reactor } = stage;
    return {
      clock: reactor,
      async advance(ms) {
        const end = reactor.now() + ms;
        let passed = false;
        reactor.callLater(ms, () => {
          passed = true;
        });
        await stage.until(() => passed && reactor.now() >= end, `${ms} ms to pass`);
      },
      async drop() {
        const finished = reactor.run({ installSignalHandlers: false });
        let settled = false;
        const settle = (): void => {
          settled = true;
        };
        finished.then(settle, settle);
        await stage.until(() => reactor.running, 'startup');
        reactor.stop();
        await stage.until(() => settled, 'run to settle');
        await finished;
      },
      dispose: () => stage.dispose(),
    };
  };
}

async function untilInRealTime(
  condition: () => boolean,
  what: string,
  deadlineMs: number,
): Promise<void> {
  const end = performance.now() + deadlineMs;
  for (let turns = 0; !condition(); turns += 1) {
    if (performance.now() > end) throw new Error(`waited ${deadlineMs} ms for ${what}`);
    await new Promise<void>((resolve) => {
      if (turns < EAGER_TURNS) setImmediateOfNode(resolve);
      else setTimeoutOfNode(resolve, 1);
    });
  }
}

/**
 * Three round trips over a connection of its own: sockets have been polled several times, so anything that was to be
 * delivered to others by then has been.
 */
async function roundTrips(
  reactor: Reactor,
  host: string,
  until: ContractStage['until'],
): Promise<void> {
  let trips = 0;
  let lost = 0;
  class Caller extends Protocol {
    override connectionMade(): void {
      this.transport.write('.');
    }
    override dataReceived(): void {
      trips += 1;
      if (trips === 3) this.transport.loseConnection();
      else reactor.callLater(0, () => void reactor.callLater(0, () => this.transport.write('.')));
    }
    override connectionLost(): void {
      lost += 1;
    }
  }
  class Echo extends Protocol {
    override dataReceived(data: Buffer): void {
      this.transport.write(data);
    }
    override connectionLost(): void {
      lost += 1;
    }
  }
  const listening = reactor.listenTCP(0, Echo, { interface: host });
  reactor.connectTCP(host, listening.getHost().port, Caller);
  await until(() => trips === 3 && lost === 2, 'three round trips');
  await listening.stopListening();
}
