/**
 * Random programs over pairs of connected protocols, and an interpreter that runs one on a reactor and keeps account of
 * what has to be true of any reactor.
 *
 * Two things make reactors differ for good reasons, and are noted so that nothing is compared there. A side is *tainted*
 * when its peer ended in a way that may have reset the connection: by an abort, by a throw, or with bytes that it had
 * not read (TCP answers those with a reset). It is *truncated* when it ended before it had received all that was sent.
 */
import fc from 'fast-check';
import type { Reactor, Transport } from '../../src/index.js';
import { socketPathIn } from '../../src/testing/contracts/socket-path.js';
import { Pulse } from '../support/deadline.js';
import { listenLocal } from '../support/pairs.js';
import { HalfCloseRecorder, Recorder, RecordingFactory } from '../support/recorder.js';

export type SideName = 'client' | 'server';
export type Callback =
  | 'dataReceived'
  | 'readConnectionLost'
  | 'writeConnectionLost'
  | 'connectionLost';
export type Action =
  | { readonly do: 'write'; readonly kind: 'bytes' | 'text' | 'parts'; readonly size: number }
  | { readonly do: 'pause' | 'resume' | 'halfClose' | 'lose' | 'abort' | 'throw' }
  | { readonly do: 'push' | 'pull' | 'unregister' };
export type Via = 'direct' | 'callLater' | 'callFromThread' | 'microtask';

export interface Step {
  readonly pair: number;
  readonly side: SideName;
  readonly action: Action;
  /** With a callback: act the next time that it runs. Without: now, by way of `via`. */
  readonly inside: Callback | undefined;
  readonly via: Via;
  /** Turns to wait afterwards, where the program is not settled after each step. */
  readonly turns: number;
}

export interface Program {
  readonly pairs: readonly {
    readonly halfClose: Readonly<Record<SideName, boolean>>;
    readonly serverEchoes: boolean;
  }[];
  readonly steps: readonly Step[];
}

const SIZES = [0, 1, 100, 2_000, 16_383, 16_384, 16_385, 65_536, 65_537, 70_000] as const;

function actions(halfCloses: boolean): fc.Arbitrary<Action> {
  return fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('write' as const),
        kind: fc.constantFrom('bytes' as const, 'text' as const, 'parts' as const),
        size: fc.constantFrom(...SIZES),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constantFrom('pause' as const, 'resume' as const) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constantFrom(
          ...(halfCloses ? (['halfClose'] as const) : []),
          'lose' as const,
          'abort' as const,
        ),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constantFrom('push' as const, 'pull' as const, 'unregister' as const),
      }),
    },
  );
}

function steps(action: fc.Arbitrary<Action>): fc.Arbitrary<Step> {
  const insideAction = fc.oneof(
    { weight: 4, arbitrary: action },
    { weight: 1, arbitrary: fc.constant({ do: 'throw' as const }) },
  );
  return fc
    .record({
      pair: fc.nat(1),
      side: fc.constantFrom('client' as const, 'server' as const),
      inside: fc.option(
        fc.constantFrom<Callback>(
          'dataReceived',
          'readConnectionLost',
          'writeConnectionLost',
          'connectionLost',
        ),
        { nil: undefined, freq: 3 },
      ),
      via: fc.constantFrom<Via>('direct', 'callLater', 'callFromThread', 'microtask'),
      turns: fc.nat(2),
    })
    .chain((head) =>
      (head.inside === undefined ? action : insideAction).map((what) => ({
        ...head,
        action: what,
      })),
    );
}

const pairShape = fc.record({
  halfClose: fc.record({ client: fc.boolean(), server: fc.boolean() }),
  serverEchoes: fc.boolean(),
});

/** @param options `halfCloses`: whether an end of sending may be shut, which over a named pipe it may not. */
export function programs({ halfCloses }: { readonly halfCloses: boolean }): fc.Arbitrary<Program> {
  return fc.record({
    pairs: fc.tuple(pairShape, pairShape),
    steps: fc.array(steps(actions(halfCloses)), { minLength: 1, maxLength: 16 }),
  });
}

/** One protocol of a pair, and what the interpreter knows of it. */
export class Side {
  readonly recorder: Recorder;
  /** What it wrote and was not bound to be dropped. */
  readonly accepted: Buffer[] = [];
  acceptedBytes = 0;
  tainted = false;
  /** The peer's end of sending ended it, or may have, with bytes on their way: these may not arrive. */
  cutShort = false;
  /** It closed, aborted or threw while it might have received more. */
  leftEarly = false;
  thrown = 0;
  readonly producerLog: string[] = [];
  peer: Side = this;
  readonly #armed = new Map<Callback, Action[]>();
  #producing = false;
  #shut = false;
  #aborted = false;
  #losing = false;

  constructor(halfClose: boolean, echoes: boolean) {
    const hooks = {
      dataReceived: (data: Buffer): void => {
        if (echoes) this.#send('bytes', data);
        this.#fire('dataReceived');
      },
      readConnectionLost: (): void => this.#fire('readConnectionLost'),
      writeConnectionLost: (): void => this.#fire('writeConnectionLost'),
      connectionLost: (): void => {
        this.#producing = false;
        this.#noteEnd();
        this.#fire('connectionLost');
      },
    };
    this.recorder = halfClose ? new HalfCloseRecorder(hooks) : new Recorder(hooks);
  }

  get ended(): boolean {
    return this.recorder.lostCount > 0;
  }

  /** Whether it has received less than its peer sent. */
  get truncated(): boolean {
    return this.recorder.receivedBytes < this.peer.acceptedBytes;
  }

  /** Whether this side still takes what the peer sends. */
  get receiving(): boolean {
    return !this.ended && !this.#losing && !this.#aborted && this.thrown === 0;
  }

  arm(callback: Callback, what: Action): void {
    this.#armed.set(callback, [...(this.#armed.get(callback) ?? []), what]);
  }

  disarm(): void {
    this.#armed.clear();
  }

  act(what: Action): void {
    const { recorder } = this;
    switch (what.do) {
      case 'write':
        this.#send(what.kind, contentOf(what.size, this.acceptedBytes));
        break;
      case 'pause':
        recorder.call('pauseProducing');
        break;
      case 'resume':
        recorder.call('resumeProducing');
        break;
      case 'halfClose':
        this.#shut = true;
        recorder.call('loseWriteConnection');
        break;
      case 'lose':
        this.#losing = true;
        this.leftEarly = true;
        recorder.call('loseConnection');
        break;
      case 'abort':
        if (!this.ended) this.peer.tainted = true;
        this.#aborted = true;
        this.leftEarly = true;
        recorder.call('abortConnection');
        break;
      case 'throw':
        this.thrown += 1;
        this.leftEarly = true;
        this.peer.tainted = true;
        throw new Error('thrown by the program');
      case 'push':
      case 'pull':
        this.#register(what.do);
        break;
      case 'unregister':
        this.#producing = false;
        recorder.call('unregisterProducer');
        break;
    }
  }

  #fire(callback: Callback): void {
    const actions = this.#armed.get(callback) ?? [];
    this.#armed.delete(callback);
    for (const what of actions) this.act(what);
  }

  #send(kind: 'bytes' | 'text' | 'parts', data: Buffer): void {
    // After loseConnection it depends on the moment whether a write is sent, unless a producer holds the connection.
    if (this.#losing && !this.#producing) return;
    const dropped = this.ended || this.#aborted || (this.#shut && !this.#producing);
    if (!dropped && data.length > 0) {
      if (!this.peer.receiving) this.tainted = true;
      this.accepted.push(Buffer.from(data));
      this.acceptedBytes += data.length;
    }
    if (kind === 'bytes') this.recorder.call('write', data);
    else if (kind === 'text') this.recorder.call('write', data.toString('latin1'));
    else {
      const half = data.length >> 1;
      const parts = [data.subarray(0, half), data.subarray(half).toString('latin1')];
      this.recorder.call('writeSequence', parts);
    }
  }

  #register(kind: 'push' | 'pull'): void {
    // One that comes after the closing began may be too late, depending on the moment.
    if (this.#producing || this.#shut || this.#losing) return;
    this.#producing = true;
    const note = (event: string): void => void this.producerLog.push(event);
    const stopProducing = (): void => {
      this.#producing = false;
      note('stop');
    };
    const { transport } = this.recorder;
    if (kind === 'push') {
      const producer = {
        pauseProducing: (): void => note('pause'),
        resumeProducing: (): void => note('resume'),
        stopProducing,
      };
      transport.registerProducer(producer, true);
      return;
    }
    let pieces = 0;
    const resumeProducing = (): void => {
      note('pull');
      pieces += 1;
      if (pieces <= 3) this.#send('bytes', contentOf(1_000 * pieces, pieces));
      else {
        this.#producing = false;
        transport.unregisterProducer();
      }
    };
    transport.registerProducer({ resumeProducing, stopProducing }, false);
  }

  /** Bytes that this side leaves unread, and those that still come, make its end a reset for the peer. */
  #noteEnd(): void {
    if (this.truncated) this.peer.tainted = true;
    if (!this.leftEarly && this.peer.truncated) this.cutShort = true;
  }
}

/** ASCII, so that bytes and text are the same; each place tells where it is. */
function contentOf(size: number, at: number): Buffer {
  const data = Buffer.alloc(size);
  for (let i = 0; i < size; i++) data[i] = 33 + ((at + i + ((at + i) >> 8) * 7) % 90);
  return data;
}

export interface PairRun {
  readonly client: Side;
  readonly server: Side;
}

/**
 * Connects the pairs of a program.
 * @param folder Where UNIX sockets may be made; undefined connects over TCP.
 */
export async function connectPairs(
  reactor: Reactor,
  { pairs }: Program,
  folder?: string,
): Promise<PairRun[]> {
  const runs: PairRun[] = [];
  for (const { halfClose, serverEchoes } of pairs) {
    const client = new Side(halfClose.client, false);
    const server = new Side(halfClose.server, serverEchoes);
    client.peer = server;
    server.peer = client;
    const factory = new RecordingFactory(() => server.recorder);
    if (folder === undefined) {
      const { port } = listenLocal(reactor, factory).getHost();
      reactor.connectTCP('127.0.0.1', port, () => client.recorder);
    } else {
      const path = socketPathIn(folder, `pair-${runs.length}`);
      reactor.listenUNIX(path, factory);
      reactor.connectUNIX(path, () => client.recorder);
    }
    await Promise.all([client.recorder.made(), server.recorder.made()]);
    runs.push({ client, server });
  }
  return runs;
}

/** Carries out one step; settles when it has been done, or armed. */
export async function perform(reactor: Reactor, runs: readonly PairRun[], it: Step): Promise<void> {
  const side = runs[it.pair]?.[it.side];
  if (side === undefined) return;
  const { inside, action: what } = it;
  if (inside !== undefined) {
    side.arm(inside, what);
    return;
  }
  const pulse = new Pulse();
  let done = false;
  const act = (): void => {
    side.act(what);
    done = true;
    pulse.notify();
  };
  if (it.via === 'direct') act();
  else if (it.via === 'microtask') queueMicrotask(act);
  else if (it.via === 'callLater') reactor.callLater(0, act);
  else reactor.callFromThread(act);
  await pulse.until(() => done, `a step by ${it.via}`);
}

/** Whether a transport has anything under way that is not up to the peer. */
export function stateOf({ recorder, acceptedBytes, producerLog }: Side): string {
  const { log, receivedBytes } = recorder;
  const { bufferedBytes }: Transport = recorder.transport;
  return [log.length, receivedBytes, acceptedBytes, bufferedBytes, producerLog.length].join();
}
