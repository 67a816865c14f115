/** Carries out a program of life-program.ts on one reactor, and keeps account of everything that must be told. */
import { closeSync, constants, openSync } from 'node:fs';
import {
  type Address,
  Cooperator,
  Deferred,
  deferLater,
  Failure,
  IdleTimeout,
  IdleTimeouts,
  type ListeningPort,
  LoopingCall,
  Protocol,
  type Reactor,
  ReactorDisposedError,
  ReactorNotRunningError,
  ReactorStoppingError,
  TokenBucket,
} from '../../src/index.js';
import type { ReactorStage } from '../../src/testing/contracts/reactor/reactor-stage.js';
import type { WatchedReactor } from '../../src/testing/reactor-watch.js';
import {
  type Account,
  RecordingFactory,
  type RecordingProtocol,
  type Told,
} from './life-actors.js';
import { Journal, markPhases } from './life-journal.js';
import type { Action, Again, Hook, Round, Step } from './life-program.js';

/** What a program may use of the machine. */
export interface Surroundings {
  /** A folder for UNIX sockets; undefined where there are none. */
  readonly folder: string | undefined;
  /** A FIFO with a byte in it, for readers; undefined where descriptors cannot be watched. */
  readonly fifo: string | undefined;
}

/**
 * How a program is carried out: `eager` does not wait for the effects of its steps, `settled` does, so that the same happens
 * on every reactor.
 */
export type Pace = 'eager' | 'settled';

/** An action, and the name of what it makes. */
interface NamedAction {
  readonly action: Action;
  readonly name: string;
}

export class World implements Account {
  readonly stage: ReactorStage;
  readonly reactor: Reactor;
  readonly thrown: Error[] = [];
  readonly violations: string[] = [];
  /** Counts the runs that were stopped: nothing that was made before may be told anything afterwards. */
  generation = 0;
  readonly journal: Journal = new Journal();
  readonly #surroundings: Surroundings;
  readonly #pace: Pace;
  readonly #armed = new Map<Hook, NamedAction[]>();
  readonly #factories: RecordingFactory[] = [];
  readonly #ports: ListeningPort<Address>[] = [];
  readonly #datagrams: { told: Told; made: number; stopped: number }[] = [];
  readonly #readers: { told: Told; lost: number; fd: number }[] = [];
  /** Names of Deferreds that have to fire before the run is over. */
  readonly #pending = new Set<string>();
  /** Claims of the bucket, which outlive runs. */
  #claims = 0;
  #steps = 0;
  #paths = 0;
  #stopping = false;
  #disposal: Promise<void> | undefined;
  #crashes = 0;
  readonly #cooperator: Cooperator;
  readonly #timeouts: IdleTimeouts;
  readonly #bucket: TokenBucket;

  constructor(stage: ReactorStage, surroundings: Surroundings, pace: Pace = 'eager') {
    this.stage = stage;
    this.#pace = pace;
    this.reactor = stage.reactor;
    this.#surroundings = surroundings;
    // Attempts to reach a name are pending until they are cancelled.
    stage.reactor.installNameResolver({ resolveHostName: () => new Deferred(() => {}) });
    this.#cooperator = new Cooperator({ clock: stage.reactor, sliceMs: 0, restMs: 1 });
    this.#timeouts = new IdleTimeouts(stage.reactor, { tickMs: 5, graceMs: 5 });
    this.#bucket = new TokenBucket({
      clock: stage.reactor,
      bytesPerSecond: 1_000_000,
      burstBytes: 1_000,
    });
  }

  make(name: string): Told {
    return { name, generation: this.generation };
  }

  /** Something was told: whether it may be, and what the program does there. */
  tell(told: Told, what: string, hook?: Hook): void {
    this.journal.add(told.name, what);
    if (told.generation < this.generation) this.violations.push(`${what} after its run`);
    if (hook === undefined) return;
    const actions = this.#armed.get(hook);
    this.#armed.delete(hook);
    for (const { action, name } of actions ?? []) this.act(action, name);
  }

  async round({ idle, steps, end, turns }: Round): Promise<void> {
    await this.#perform(idle);
    const crashes = this.#crashes;
    let over = false;
    const marks = this.#pace === 'settled' ? markPhases(this.reactor, this.journal) : undefined;
    this.reactor.run({ installSignalHandlers: false }).addBoth(() => {
      over = true;
      this.#stopping = false;
      this.journal.mark('run has settled');
      marks?.remove();
      if (crashes === this.#crashes) this.#ended();
    });
    const started = (): Promise<void> =>
      this.stage.until(() => over || this.reactor.running, 'startup');
    if (this.#pace === 'settled') await started();
    await this.#perform(steps);
    await started();
    if (end === 'crash') this.act({ do: 'crash' });
    else if (end === 'fire shutdown') void this.reactor.fireSystemEvent('shutdown');
    else this.act({ do: 'stop' });
    if (end === 'stop, then crash') {
      for (let i = 0; i < turns; i++) await this.#turn();
      this.act({ do: 'crash' });
    }
    const disposed = end === 'dispose' ? this.dispose() : undefined;
    await this.stage.until(() => over, 'run to settle');
    await disposed;
    this.#armed.clear();
    for (let i = 0; i < 2; i++) await this.#turn();
  }

  /** A run in which everything works, whatever went before. */
  async soundRun(): Promise<void> {
    const { reactor, stage } = this;
    let over = false;
    let echoed = false;
    let granted = false;
    const run = reactor.run({ installSignalHandlers: false }).addCallback(() => {
      over = true;
      this.#ended();
    });
    await stage.until(() => reactor.running, 'startup of the last run');
    class Echo extends Protocol {
      override dataReceived(data: Buffer): void {
        this.transport.write(data);
      }
    }
    class Caller extends Protocol {
      override connectionMade(): void {
        this.transport.write('once more');
      }
      override dataReceived(): void {
        echoed = true;
      }
    }
    const port = reactor.listenTCP(0, Echo, { interface: stage.host });
    reactor.connectTCP(stage.host, port.getHost().port, Caller);
    let ticks = 0;
    const tick = (): void => {
      ticks += 1;
    };
    const loop = new LoopingCall(reactor, tick);
    loop.start(1).addErrback(() => {});
    const worked = this.#cooperator.coiterate([1, 2, 3]);
    let done = false;
    worked.addBoth(() => {
      done = true;
    });
    const claim = {
      need: 1,
      takeTurn: (bucket: TokenBucket): void => {
        granted = bucket.take(1) > 0;
      },
    };
    this.#bucket.enqueue(claim);
    const useful = (): boolean => echoed && ticks > 2 && done && granted && this.#claims === 0;
    await stage.until(
      useful,
      `an echo, ticks, a task, tokens: ${[echoed, ticks, done, granted, this.#claims]}`,
    );
    reactor.stop();
    await stage.until(() => over, 'the last run to settle');
    await run;
  }

  get disposed(): boolean {
    return this.#disposal !== undefined;
  }

  /** Settles when the reactor is disposed of, and everything has ended. */
  dispose(): Promise<void> {
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }

  async #dispose(): Promise<void> {
    let over = false;
    void this.reactor[Symbol.asyncDispose]().then(() => {
      over = true;
      this.#ended();
    });
    await this.stage.until(() => over, 'disposal');
    for (const { fd } of this.#readers.splice(0)) closeSync(fd);
  }

  act(action: Action, name = 'the program'): void {
    const { reactor } = this;
    switch (action.do) {
      case 'listen':
        this.#listen(action.kind, name);
        return;
      case 'connect':
        this.#connect(action, name);
        return;
      case 'relisten':
        this.#ports[action.at % this.#ports.length]?.startListening();
        return;
      case 'stopListening': {
        const port = this.#ports[action.at % this.#ports.length];
        if (port !== undefined) this.#await(name, port.stopListening());
        return;
      }
      case 'callLater': {
        const told = this.make(name);
        reactor.callLater(action.ms, () => this.tell(told, 'delayedCall', 'delayedCall'));
        return;
      }
      case 'deferLater':
        this.#await(name, deferLater(reactor, action.ms));
        return;
      case 'looping': {
        const told = this.make(name);
        const loop = new LoopingCall(reactor, () => this.tell(told, 'looping'));
        this.#await(name, loop.start(action.ms + 1));
        return;
      }
      case 'timeout':
        new Deferred<void>().addTimeout(action.ms, reactor).addErrback(() => {});
        return;
      case 'fromThread': {
        const told = this.make(name);
        reactor.callFromThread(() => this.tell(told, 'callFromThread', 'callFromThread'));
        return;
      }
      case 'whenRunning': {
        const told = this.make(name);
        reactor.callWhenRunning(() => {
          told.generation = this.generation;
          this.tell(told, 'callWhenRunning');
        });
        return;
      }
      case 'cooperate':
        this.#await(name, this.#cooperator.coiterate(forever()));
        return;
      case 'bucket':
        this.#claims += 1;
        this.#bucket.take(1_000_000);
        this.#bucket.enqueue({
          need: 1_000,
          takeTurn: (bucket, share) => {
            bucket.take(share);
            this.#claims -= 1;
          },
        });
        return;
      case 'idle': {
        const transport = this.#connections()[0]?.transport;
        if (transport !== undefined) new IdleTimeout(this.#timeouts, transport).set(5);
        return;
      }
      case 'reader':
        this.#watch(name);
        return;
      case 'trigger':
        this.#addTrigger(action, name);
        return;
      case 'throw': {
        const error = new Error('thrown by the program');
        this.thrown.push(error);
        throw error;
      }
      case 'stop':
        this.#unlessIdle(() => {
          reactor.stop();
          this.#stopping = true;
        });
        return;
      case 'crash':
        this.#unlessIdle(() => {
          reactor.crash();
          this.#crashes += 1;
        });
        return;
      default:
        this.#use(action);
    }
  }

  /** Everything that was made has ended. */
  #ended(): void {
    const factories = this.#factories.flatMap((factory) => factory.unfinished());
    const datagrams = this.#datagrams
      .filter(({ made, stopped }) => made !== stopped)
      .map(({ made, stopped }) => `${made} makeConnection, ${stopped} stopProtocol`);
    const readers = this.#readers
      .filter(({ lost }) => lost !== 1)
      .map(({ lost }) => `reader lost ${lost}`);
    const { ports, connectors } = this.reactor as WatchedReactor;
    const open = [...ports, ...connectors, ...this.reactor.getReaders()].map(String);
    const { connectionsOpen } = this.reactor.statistics();
    if (connectionsOpen > 0) open.push(`${connectionsOpen} connections`);
    this.violations.push(...factories, ...datagrams, ...readers, ...open);
    for (const name of this.#pending) this.violations.push(`${name} has not fired`);
    this.#pending.clear();
    this.generation += 1;
  }

  async #perform(steps: readonly Step[]): Promise<void> {
    for (const { action, inside, turns } of steps) {
      this.#steps += 1;
      const name = `${action.do} of step ${this.#steps}`;
      this.journal.mark(`step ${this.#steps}`);
      if (inside === undefined) this.#attempt(action, name);
      else this.#armed.set(inside, [...(this.#armed.get(inside) ?? []), { action, name }]);
      for (let i = 0; i < turns; i++) await this.#turn();
      if (this.#pace === 'settled') await this.#settle();
    }
  }

  /** Outside of any callback nobody else takes what it throws. */
  #attempt(action: Action, name: string): void {
    try {
      this.act(action, name);
    } catch (error) {
      const expected =
        error instanceof ReactorStoppingError || error instanceof ReactorDisposedError;
      if (!expected) throw error;
    }
  }

  async #turn(): Promise<void> {
    if (this.disposed) return;
    let turned = false;
    this.reactor.callFromThread(() => {
      turned = true;
    });
    await this.stage.until(() => turned, 'a turn');
  }

  /** Waits for the effects of a step; a stop among them goes on until its run has settled. */
  async #settle(): Promise<void> {
    for (let i = 0; i < 3; i++) await this.#turn();
    if (this.#stopping) await this.stage.until(() => !this.#stopping, 'run to settle');
    else await this.stage.settle();
  }

  #unlessIdle(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof ReactorNotRunningError)) throw error;
    }
  }

  #await(
    name: string,
    deferred: PromiseLike<unknown> & { addBoth(callback: (result: unknown) => void): unknown },
  ): void {
    this.#pending.add(name);
    deferred.addBoth((result) => {
      this.#pending.delete(name);
      this.journal.add(name, result instanceof Failure ? result.value.name : 'fired');
    });
  }

  #listen(kind: 'tcp' | 'unix' | 'udp', name: string): void {
    const { reactor, stage } = this;
    if (kind === 'udp') {
      this.#listenUDP(name);
      return;
    }
    const factory = this.#factory('never', name);
    const { folder } = this.#surroundings;
    this.#paths += 1;
    const port: ListeningPort<Address> =
      kind === 'tcp' || folder === undefined
        ? reactor.listenTCP(0, factory, { interface: stage.host })
        : reactor.listenUNIX(`${folder}/${this.#paths}`, factory);
    this.#ports.push(port);
  }

  #listenUDP(name: string): void {
    const world = this;
    const record = { told: this.make(name), made: 0, stopped: 0 };
    const protocol = {
      makeConnection(): void {
        record.told.generation = world.generation;
        record.made += 1;
        world.tell(record.told, 'makeConnection');
      },
      datagramReceived(): void {},
      stopProtocol(): void {
        record.stopped += 1;
        world.tell(record.told, 'stopProtocol', 'stopProtocol');
      },
    };
    const port = this.reactor.listenUDP(0, protocol, { interface: this.stage.host });
    this.#datagrams.push(record);
    this.#ports.push(port as unknown as ListeningPort<Address>);
  }

  #connect({ to, at, again }: Extract<Action, { do: 'connect' }>, name: string): void {
    const { reactor, stage } = this;
    const factory = this.#factory(again, name);
    const ports = this.#ports.filter((port) => port.listening && port.getHost().type !== 'UDP');
    const host = ports[at % ports.length]?.getHost();
    if (to === 'name') reactor.connectTCP('nobody.invalid', 9, factory, { timeoutMs: 3_600_000 });
    else if (to === 'closed' || host === undefined) reactor.connectTCP(stage.host, 1, factory);
    else if (host.type === 'UNIX') reactor.connectUNIX(host.path, factory);
    else if ('port' in host) reactor.connectTCP(stage.host, host.port, factory);
  }

  #factory(again: Again, name: string): RecordingFactory {
    const factory = new RecordingFactory(this, again, name);
    this.#factories.push(factory);
    return factory;
  }

  #connections(): RecordingProtocol[] {
    return this.#factories.flatMap(({ built }) => built.filter(({ lost, made }) => made > lost));
  }

  #use(action: Extract<Action, { at: number }>): void {
    const open = this.#connections();
    const connection = open[action.at % open.length];
    if (connection === undefined) return;
    const { transport } = connection;
    if (action.do === 'write') transport.write(Buffer.alloc(action.size));
    else if (action.do === 'produce') connection.produce(action.ends);
    else if (action.do === 'lose') transport.loseConnection();
    else if (action.do === 'abort') transport.abortConnection();
    else if (action.do === 'pause') transport.pauseProducing();
    else if (action.do === 'resume') transport.resumeProducing();
    else transport.loseWriteConnection();
  }

  #watch(name: string): void {
    const { fifo } = this.#surroundings;
    if (fifo === undefined) return;
    const fd = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
    const record = { told: this.make(name), lost: 0, fd };
    const reader = {
      fileno: () => fd,
      doRead: () => this.tell(record.told, 'doRead'),
      connectionLost: () => {
        record.lost += 1;
        this.tell(record.told, 'reader lost');
      },
    };
    try {
      this.reactor.addReader(reader);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    this.#readers.push(record);
  }

  #addTrigger({ phase, event, ms }: Extract<Action, { do: 'trigger' }>, name: string): void {
    const told = this.make(name);
    this.reactor.addSystemEventTrigger(phase, event, () => {
      // Kept from a run that crashed, or added for one that is to come.
      told.generation = this.generation;
      this.journal.mark(`${name}: ${phase} ${event}`);
      this.tell(told, `${phase} ${event}`, 'trigger');
      if (phase !== 'before' || ms === 0) return undefined;
      // Where a run crashed, it is dropped by the next one's stop.
      return deferLater(this.reactor, ms).addErrback(() => {});
    });
  }
}

function* forever(): Generator<void> {
  for (;;) yield;
}
