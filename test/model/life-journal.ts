/**
 * The order of the callbacks of a program, and the part of it that the contract (docs/stopping.md) makes the same on every
 * reactor.
 *
 * A journal is divided by marks: the steps of the program, its triggers, the phases of a shutdown and the end of each run.
 * The order of the marks is fixed. Between two marks the order among the callbacks of several connections, factories and
 * Deferreds is not, but the order within each factory is: a client's `connectionLost` comes before its factory's
 * `clientConnectionLost`, and `stopFactory` comes last.
 */
import type { Reactor } from '../../src/index.js';

const MARK = '==';

interface Entry {
  readonly name: string;
  readonly what: string;
}

export class Journal {
  readonly #entries: Entry[] = [];

  add(name: string, what: string): void {
    this.#entries.push({ name, what });
  }

  mark(what: string): void {
    this.add(MARK, what);
  }

  /** The lines that have to be the same on every reactor. */
  projection(): string[] {
    const lines: string[] = [];
    let part: Entry[] = [];
    for (const entry of [...this.#entries, { name: MARK, what: 'end' }]) {
      // Bytes may be divided into any number of pieces.
      if (entry.what === 'dataReceived') continue;
      if (entry.name !== MARK) {
        part.push(entry);
        continue;
      }
      lines.push(...unordered(part), `${MARK} ${entry.what}`);
      part = [];
    }
    return lines;
  }
}

/** The callbacks between two marks: those of each owner in their order, the owners in the order of their names. */
function unordered(part: readonly Entry[]): string[] {
  const owners = new Map<string, Entry[]>();
  for (const entry of part) {
    const owner = entry.name.split(', connection ')[0] ?? '';
    owners.set(owner, [...(owners.get(owner) ?? []), entry]);
  }
  return [...owners]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([, entries]) => connectionsSorted(entries));
}

/** Sorts the callbacks of a factory's connections that no callback of the factory itself divides. */
function connectionsSorted(entries: readonly Entry[]): string[] {
  const lines: string[] = [];
  let connections: Entry[] = [];
  const flush = (): void => {
    // The sort is stable: each connection keeps its order.
    connections.sort((one, other) => (one.name < other.name ? -1 : Number(one.name > other.name)));
    lines.push(...connections.map(show));
    connections = [];
  };
  for (const entry of entries) {
    if (entry.name.includes(', connection ')) {
      connections.push(entry);
      continue;
    }
    flush();
    lines.push(show(entry));
  }
  flush();
  return lines;
}

function show({ name, what }: Entry): string {
  return `${name}: ${what}`;
}

/** Marks the phases of the next shutdown. Triggers that were not called, because the run crashed, can be removed. */
export function markPhases(reactor: Reactor, journal: Journal): { remove(): void } {
  let reached = 0;
  const phases = ['before', 'during', 'after'] as const;
  const triggers = phases.map((phase) =>
    reactor.addSystemEventTrigger(phase, 'shutdown', () => {
      reached += 1;
      journal.mark(`${phase} shutdown`);
    }),
  );
  return {
    remove(): void {
      for (const trigger of triggers.slice(reached)) reactor.removeSystemEventTrigger(trigger);
    },
  };
}
