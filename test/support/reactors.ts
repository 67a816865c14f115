/**
 * The reactors that the contract is checked on. ROPEWALK_TEST_REACTORS narrows them: names, or beginnings of names,
 * with commas between (`native,node`).
 */
import { createReactor, type Reactor } from '../../src/index.js';
import type { PollerChoice } from '../../src/reactor/poller-choice.js';

export type ReactorOptions = NonNullable<Parameters<typeof createReactor>[0]>;

export interface ReactorMaker {
  readonly name: string;
  readonly native: boolean;
  make(options?: Omit<ReactorOptions, 'kind' | 'poller'>): Reactor;
}

/** Of each platform, the best first. */
const POLLERS: Readonly<Partial<Record<NodeJS.Platform, readonly PollerChoice[]>>> = {
  win32: ['iocp'],
  linux: ['epoll', 'poll'],
  darwin: ['kqueue', 'poll'],
  freebsd: ['kqueue', 'poll'],
  openbsd: ['kqueue', 'poll'],
  netbsd: ['kqueue', 'poll'],
};

const ALL: readonly ReactorMaker[] = [
  ...(POLLERS[process.platform] ?? ['poll']).map(nativeMaker),
  {
    name: 'node',
    native: false,
    make: (options) => createReactor({ ...options, kind: 'node' }),
  },
];

export const REACTORS: readonly ReactorMaker[] = chosen(process.env.ROPEWALK_TEST_REACTORS);

/** One reactor of each kind, for tests of what has nothing to do with pollers. */
export const ONE_POLLER: readonly ReactorMaker[] = REACTORS.filter(
  ({ native }, at) => REACTORS.findIndex((other) => other.native === native) === at,
);

/** The others: their tests with processes of their own are in slow files. */
export const OTHER_POLLERS: readonly ReactorMaker[] = REACTORS.filter(
  (maker) => !ONE_POLLER.includes(maker),
);

/** The maker of that name: what a child process or a worker is told to use. */
export function reactorMaker(name: string | undefined): ReactorMaker {
  const maker = ALL.find((candidate) => candidate.name === name);
  if (maker === undefined) throw new Error(`no reactor is called ${name}`);
  return maker;
}

function chosen(names: string | undefined): readonly ReactorMaker[] {
  if (names === undefined || names === '') return ALL;
  const wanted = names.split(',').map((name) => name.trim());
  const found = ALL.filter(({ name }) => wanted.some((start) => name.startsWith(start)));
  if (found.length === 0) throw new Error(`ROPEWALK_TEST_REACTORS=${names} names no reactor`);
  return found;
}

function nativeMaker(poller: PollerChoice): ReactorMaker {
  return {
    name: `native+${poller}`,
    native: true,
    make: (options) => createReactor({ ...options, kind: 'native', poller }),
  };
}
