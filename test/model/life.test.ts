/**
 * Random programs over the life of a reactor, on every reactor and the simulated one. ROPEWALK_LIFE_RUNS sets how many
 * programs each runs, ROPEWALK_MODEL_SEED which.
 */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  inRealTime,
  type MakeReactorStage,
} from '../../src/testing/contracts/reactor/reactor-stage.js';
import { captureLoggedErrors } from '../../src/testing/logged-errors.js';
import { DEADLINE_MS, PATIENCE, Pulse } from '../support/deadline.js';
import { OWN_LOOPBACK } from '../support/own-loopback.js';
import { LACKS } from '../support/platform.js';
import { REACTORS } from '../support/reactors.js';
import { simulatedReactor } from '../testing/simulated-stage.js';
import { type Program, programs } from './life-program.js';
import { type Surroundings, World } from './life-world.js';

const RUNS = Number(process.env.ROPEWALK_LIFE_RUNS ?? 150);
const SEED = Number(process.env.ROPEWALK_MODEL_SEED ?? Date.now() % 2 ** 31);
const LIMIT_MS = Math.max(60_000, RUNS * 200) * PATIENCE;
/** Connections that drain for longer are reset: programs have peers that never read. */
const SHUTDOWN_TIMEOUT_MS = 20;

let folder = '';
let fifo: string | undefined;
let fifoWriter = -1;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
  if (LACKS.descriptors !== undefined) return;
  fifo = join(folder, 'fifo');
  execFileSync('mkfifo', [fifo]);
  fifoWriter = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
  writeSync(fifoWriter, '.');
});

afterAll(() => {
  if (fifoWriter >= 0) closeSync(fifoWriter);
  rmSync(folder, { recursive: true });
  console.info(`life: ${RUNS} programs, seed ${SEED} (ROPEWALK_MODEL_SEED=${SEED} repeats them)`);
});

async function execute(
  makeStage: MakeReactorStage,
  surroundings: Surroundings,
  program: Program,
): Promise<World> {
  using errors = captureLoggedErrors();
  const world = new World(await makeStage(), surroundings);
  for (const round of program) if (!world.disposed) await world.round(round);
  if (!world.disposed) await world.soundRun();
  await world.dispose();
  const reported = errors.flush().map(({ error }) => error);
  expect(world.violations, 'rules broken').toEqual([]);
  expect(new Set(reported), 'reports').toEqual(new Set(world.thrown));
  expect(reported.length, 'reports').toBe(world.thrown.length);
  return world;
}

function descriptors(): number {
  return process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0;
}

function check(name: string, makeStage: MakeReactorStage, surroundings: () => Surroundings): void {
  it(`keep the rules (${name})`, { timeout: LIMIT_MS }, async () => {
    await execute(makeStage, surroundings(), []);
    const before = descriptors();
    await fc.assert(
      fc.asyncProperty(programs, async (program) => {
        await execute(makeStage, surroundings(), program);
      }),
      { numRuns: RUNS, seed: SEED, endOnFailure: true },
    );
    // Closing a socket may take the loop another turn.
    const pulse = new Pulse();
    const timer = setInterval(() => pulse.notify(), 10);
    await pulse.until(
      () => descriptors() <= before,
      () => `${descriptors() - before} descriptors`,
    );
    clearInterval(timer);
  });
}

describe('random lives', () => {
  for (const { name, native, make } of REACTORS) {
    const makeStage = inRealTime(() => make({ shutdownTimeoutMs: SHUTDOWN_TIMEOUT_MS }), {
      host: OWN_LOOPBACK,
      deadlineMs: DEADLINE_MS,
    });
    check(name, makeStage, () => ({ folder, fifo: native ? fifo : undefined }));
  }
  check('simulated', simulatedReactor, () => ({ folder: undefined, fifo: undefined }));
});
