/** Runs a body of tests over each reactor, with a fresh one for each test and nothing left behind. */
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect } from 'vitest';
import type { ListeningPort, Reactor } from '../../src/index.js';
import { within } from './deadline.js';
import { REACTORS, type ReactorMaker, type ReactorOptions } from './reactors.js';
import { takeViolations } from './recorder.js';

/** What was given to `reportError`. */
export interface Report {
  readonly error: unknown;
  readonly where: string;
}

/** One test's reactor and what has to be put away after it. */
export class Rig {
  readonly maker: ReactorMaker;
  #reactor: Reactor | undefined;
  #reports: Report[] = [];
  #toDispose: AsyncDisposable[] = [];

  constructor(maker: ReactorMaker) {
    this.maker = maker;
  }

  get native(): boolean {
    return this.maker.native;
  }

  /** This test's reactor. */
  get reactor(): Reactor {
    this.#reactor ??= this.make();
    return this.#reactor;
  }

  /** Another reactor of the same kind, disposed of after the test. */
  make(options?: Omit<ReactorOptions, 'kind' | 'poller'>): Reactor {
    const reactor = this.maker.make({
      reportError: (error, where) => this.#reports.push({ error, where }),
      ...options,
    });
    this.use(reactor);
    return reactor;
  }

  /** What was reported so far, which is then no longer a surprise. A test fails on reports it has not taken. */
  takeReports(): Report[] {
    return this.#reports.splice(0);
  }

  /** Disposes of `thing` after the test, those given last first. */
  use<T extends AsyncDisposable>(thing: T): T {
    this.#toDispose.push(thing);
    return thing;
  }

  /** Settles after `count` turns of the reactor. */
  async turns(count: number, reactor: Reactor = this.reactor): Promise<void> {
    for (let i = 0; i < count; i++) {
      await within(
        new Promise<void>((resolve) => void reactor.callLater(0, resolve)),
        'a turn of the reactor',
      );
    }
  }

  async dispose(): Promise<void> {
    const things = this.#toDispose.reverse();
    this.#toDispose = [];
    this.#reactor = undefined;
    for (const thing of things) await within(thing[Symbol.asyncDispose](), 'disposal');
    const reports = this.takeReports();
    const violations = takeViolations();
    expect(violations, 'rules broken').toEqual([]);
    expect(reports.map(textOf), 'errors reported that the test did not expect').toEqual([]);
  }
}

/**
 * `describe` for each reactor. The rig is the same object throughout, emptied after each test.
 * @param reactors Default: all.
 */
export function contract(
  title: string,
  body: (rig: Rig) => void,
  reactors: readonly ReactorMaker[] = REACTORS,
): void {
  describe.each(reactors.map((maker) => [maker.name, maker] as const))(
    `${title} (%s)`,
    (_name, maker) => {
      const rig = new Rig(maker);
      beforeEach(() => {
        takeViolations();
      });
      afterEach(() => rig.dispose());
      body(rig);
    },
  );
}

/** Everything about a report that helps to find its cause: a failed comparison of objects prints only their sizes. */
function textOf({ error, where }: Report): string {
  return `${where}: ${inspect(error)}`;
}

/** The number a port was given. */
export function portOf(listening: ListeningPort): number {
  return listening.getHost().port;
}
