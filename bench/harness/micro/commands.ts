// Cases of micro benches of databases: a value is read or stored over one connection, one by one or at once.

import type { Effort, Figures, MicroCase } from './bench.js';
import { cpuAndTimePerOperation, expectSame } from './timing.js';

export interface DatabaseContender {
  /** The length of the value. */
  get(key: string): PromiseLike<number>;
  /** Whether it was stored. */
  set(key: string, value: Buffer): PromiseLike<boolean>;
  end(): unknown;
}

export type StartContender = () => Promise<DatabaseContender>;

const KEY = 'session:42';
const COMMANDS = 2_000;

const VALUE_BYTES = 100;
const VALUE = Buffer.alloc(VALUE_BYTES, 'v');

/** Describes {@link commandCases}. */
export const COMMAND_WORKLOAD: string =
  `A value of ${VALUE_BYTES} bytes is read or stored, over one connection: \`one by one\`, each after the answer to the previous one, and ` +
  `\`at once\`, ${COMMANDS.toLocaleString('en')} commands without waiting.`;

/** The octets that were read or stored. */
type Batch = (contender: DatabaseContender) => Promise<number>;
type Command = (contender: DatabaseContender) => PromiseLike<number>;

const get: Command = (contender) => contender.get(KEY);
const set: Command = async (contender) => ((await contender.set(KEY, VALUE)) ? VALUE.length : 0);

function oneByOne(command: Command): Batch {
  return async (contender) => {
    let octets = 0;
    for (let n = 0; n < COMMANDS; n++) octets += await command(contender);
    return octets;
  };
}

function together(command: Command): Batch {
  return async (contender) => {
    const answers = await Promise.all(Array.from({ length: COMMANDS }, () => command(contender)));
    return answers.reduce((sum, octets) => sum + octets, 0);
  };
}

/** @param reference The contender that the others are compared with. */
export function commandCases(
  reference: string,
  contenders: Readonly<Record<string, StartContender>>,
): readonly MicroCase[] {
  const caseOf = (name: string, batch: Batch): MicroCase => {
    const measures = Object.entries(contenders).map(([one, start]) => {
      return [one, (effort: Effort) => measure(effort, start, batch)] as const;
    });
    return { name, reference, contenders: Object.fromEntries(measures) };
  };
  return [
    caseOf('get one by one', oneByOne(get)),
    caseOf('get at once', together(get)),
    caseOf('set one by one', oneByOne(set)),
    caseOf('set at once', together(set)),
  ];
}

async function measure(effort: Effort, start: StartContender, batch: Batch): Promise<Figures> {
  const contender = await start();
  const check = (octets: number): void => {
    expectSame('the octets', octets, COMMANDS * VALUE.length);
  };
  try {
    await contender.set(KEY, VALUE);
    return await cpuAndTimePerOperation(effort, COMMANDS, () => batch(contender), check);
  } finally {
    await contender.end();
  }
}
