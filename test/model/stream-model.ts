/**
 * Random programs over connections, run on every reactor: the rules hold on each, and all protocols of all reactors see
 * the same. ROPEWALK_MODEL_RUNS sets how many programs, ROPEWALK_MODEL_SEED which.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { Reactor } from '../../src/index.js';
import { PATIENCE, within } from '../support/deadline.js';
import { echo, listenLocal } from '../support/pairs.js';
import { LACKS } from '../support/platform.js';
import { RawPeer } from '../support/raw-peer.js';
import { REACTORS, type ReactorMaker } from '../support/reactors.js';
import { RecordingFactory, takeViolations } from '../support/recorder.js';
import {
  connectPairs,
  type PairRun,
  type Program,
  perform,
  programs,
  type Side,
  stateOf,
} from './stream-program.js';

/** What is written at once up to here is read at once on every reactor. */
const ONE_READ_BYTES = 16 * 1024;

const RUNS = Number(process.env.ROPEWALK_MODEL_RUNS ?? 200);
const LIMIT_MS = 120_000 * PATIENCE;
const SEED = Number(process.env.ROPEWALK_MODEL_SEED ?? Date.now() % 2 ** 31);

/** What one protocol saw, as far as it must be the same on every reactor. */
interface Outcome {
  readonly log: readonly string[];
  readonly received: string;
  readonly producer: readonly string[];
}

interface Run {
  readonly outcomes: readonly Outcome[];
  readonly tainted: readonly boolean[];
  readonly truncated: readonly boolean[];
}

const sidesOf = (runs: readonly PairRun[]): Side[] =>
  runs.flatMap(({ client, server }) => [client, server]);

async function turn(reactor: Reactor): Promise<void> {
  await within(new Promise<void>((done) => void reactor.callLater(0, done)), 'a turn');
}

/** Round trips of a connection of its own, to tell when nothing happens any more. */
class Probe {
  readonly #reactor: Reactor;
  readonly #peer: RawPeer;
  #trips = 0;

  private constructor(reactor: Reactor, peer: RawPeer) {
    this.#reactor = reactor;
    this.#peer = peer;
  }

  static async open(reactor: Reactor): Promise<Probe> {
    const listening = listenLocal(reactor, new RecordingFactory(echo));
    return new Probe(reactor, await RawPeer.connect(listening.getHost().port));
  }

  /** Settles when two looks in a row find all sides the same. */
  async settle(sides: readonly Side[]): Promise<void> {
    let same = 0;
    let before = '';
    while (same < 2) {
      this.#peer.write('.');
      this.#trips += 1;
      await this.#peer.receive(this.#trips);
      await turn(this.#reactor);
      const now = sides.map(stateOf).join(' ');
      same = now === before ? same + 1 : 0;
      before = now;
    }
  }

  async close(): Promise<void> {
    await this.#peer[Symbol.asyncDispose]();
  }
}

type Via = 'tcp' | 'unix';

async function execute(maker: ReactorMaker, via: Via, it: Program, settled: boolean): Promise<Run> {
  takeViolations();
  const folder = via === 'unix' ? mkdtempSync(join(tmpdir(), 'ropewalk-')) : undefined;
  const reports: unknown[] = [];
  const reactor = maker.make({ reportError: (error) => void reports.push(error) });
  const probe = await Probe.open(reactor);
  try {
    const runs = await connectPairs(reactor, it, folder);
    const sides = sidesOf(runs);
    for (const step of it.steps) {
      await perform(reactor, runs, step);
      if (settled) await probe.settle(sides);
      else for (let i = 0; i < step.turns; i++) await turn(reactor);
    }
    await finish(probe, sides);
    for (const side of sides) checkSide(side);
    expect(takeViolations(), 'rules broken').toEqual([]);
    expect(reports, 'reports').toHaveLength(sides.reduce((sum, { thrown }) => sum + thrown, 0));
    return {
      outcomes: sides.map(outcomeOf),
      tainted: sides.map(({ tainted }) => tainted),
      truncated: sides.map(({ truncated, peer }) => truncated || peer.cutShort),
    };
  } finally {
    await probe.close();
    await within(reactor[Symbol.asyncDispose](), 'disposal');
    if (folder !== undefined) rmSync(folder, { recursive: true });
  }
}

/** Lets everything arrive that can, then closes every connection. */
async function finish(probe: Probe, sides: readonly Side[]): Promise<void> {
  for (const side of sides) {
    side.disarm();
    side.act({ do: 'resume' });
    side.act({ do: 'unregister' });
  }
  for (const { recorder, peer } of sides) {
    const arrived = (): boolean => !peer.receiving || peer.recorder.receivedBytes >= peerOf(peer);
    if (!recorder.connected || peer.tainted) continue;
    await peer.recorder.until(arrived, `all ${peerOf(peer)} bytes`, 2_000);
  }
  await probe.settle(sides);
  for (const side of sides) {
    const { leftEarly } = side;
    side.act({ do: 'lose' });
    side.leftEarly = leftEarly;
  }
  for (const { recorder } of sides) await recorder.lost();
  await probe.settle(sides);
}

const peerOf = (side: Side): number => side.peer.acceptedBytes;

/** The rules that hold on any reactor, whatever the moment at which things happened. */
function checkSide({ recorder, peer, tainted, leftEarly, thrown }: Side): void {
  const sent = Buffer.concat(peer.accepted);
  const { received } = recorder;
  expect(recorder.lostCount).toBe(1);
  expect(recorder.log[0]).toBe('connectionMade');
  expect(recorder.log.at(-1)).toMatch(/^connectionLost /);
  expect(received.equals(sent.subarray(0, received.length)), 'a prefix of what was sent').toBe(
    true,
  );
  if (!tainted && !leftEarly && !peer.cutShort) expect(received.length).toBe(sent.length);
  if (!tainted && thrown === 0) {
    expect(recorder.reason?.name).toMatch(/^Connection(Done|Aborted)$/);
  }
}

function outcomeOf({ recorder, producerLog }: Side): Outcome {
  return { log: recorder.log, received: recorder.text, producer: producerLog };
}

function describeRun(it: Program): string {
  return JSON.stringify(it);
}

/**
 * Whether a protocol writes inside `dataReceived` while echoing what may come in several reads: where the reads are cut
 * is nobody's promise, and so neither is the order of the two.
 */
function writesInsideLargeReads({ steps }: Program): boolean {
  const inside = steps.some((step) => step.inside === 'dataReceived' && step.action.do === 'write');
  const large = steps.some(({ action }) => action.do === 'write' && action.size > ONE_READ_BYTES);
  return inside && large;
}

/** Compares what was seen on two reactors, leaving out what may differ. */
function expectSame(one: Run, other: Run, names: string, it: Program): void {
  for (const [i, outcome] of one.outcomes.entries()) {
    if (one.tainted[i] || other.tainted[i]) continue;
    const counterpart = other.outcomes[i] as Outcome;
    const truncated = one.truncated[i] || other.truncated[i];
    const mixed = writesInsideLargeReads(it);
    const comparable = ({ received, ...rest }: Outcome): object =>
      truncated
        ? { ...rest, log: rest.log.filter((event) => event !== 'dataReceived') }
        : { ...rest, received: mixed ? received.length : received };
    expect(comparable(outcome), `${names}, side ${i} of ${describeRun(it)}`).toEqual(
      comparable(counterpart),
    );
  }
}

export function describeStreams(via: Via): void {
  describe(`random programs over connections (${via})`, () => addTests(via));
}

function addTests(via: Via): void {
  afterAll(() => {
    console.info(
      `model: ${RUNS} programs, seed ${SEED} (ROPEWALK_MODEL_SEED=${SEED} repeats them)`,
    );
  });
  const program = programs({ halfCloses: via === 'tcp' || LACKS.pipeHalves === undefined });

  it('are seen alike by the protocols of all reactors', { timeout: LIMIT_MS }, async () => {
    await fc.assert(
      fc.asyncProperty(program, async (it) => {
        const runs = new Map<string, Run>();
        for (const maker of REACTORS) runs.set(maker.name, await execute(maker, via, it, true));
        const [[firstName, first], ...others] = [...runs] as [[string, Run], ...[string, Run][]];
        for (const [name, run] of others) expectSame(first, run, `${firstName} and ${name}`, it);
      }),
      { numRuns: RUNS, seed: SEED, endOnFailure: false },
    );
  });

  it.each(REACTORS.map((maker) => [maker.name, maker] as const))(
    'keep the rules when nothing waits for anything (%s)',
    { timeout: LIMIT_MS },
    async (_name, maker) => {
      await fc.assert(
        fc.asyncProperty(program, async (it) => {
          await execute(maker, via, it, false);
        }),
        { numRuns: RUNS, seed: SEED + 1, endOnFailure: false },
      );
    },
  );
}
