/** Keeps events until nothing more happens, and merges those of each path. */
import type { Clock, DelayedCall } from '../core/clock.js';
import { FileEvent, type FileEventKind } from './file-event.js';
import type { FileName } from './file-names.js';

/** Kinds that are not merged. */
const AT_ONCE: readonly FileEventKind[] = ['moved', 'overflow', 'unwatched', 'lost'];
/** How many times the quiet period events are kept at most. */
const LONGEST = 10;

export class SettledEvents {
  readonly #clock: Clock;
  readonly #quietMs: number;
  readonly #deliver: (event: FileEvent) => void;
  readonly #kept = new Map<FileName, FileEvent>();
  /** Events to be delivered as soon as it is not paused. */
  #settled: FileEvent[] = [];
  #delivering = false;
  #firstAt = 0;
  #lastAt = 0;
  #timer: DelayedCall | undefined = undefined;
  #paused = false;

  constructor(clock: Clock, quietMs: number, deliver: (event: FileEvent) => void) {
    this.#clock = clock;
    this.#quietMs = quietMs;
    this.#deliver = deliver;
  }

  add(event: FileEvent): void {
    if (AT_ONCE.includes(event.kind)) {
      this.#report(event);
      return;
    }
    this.#lastAt = this.#clock.now();
    this.#keep(event);
    if (this.#timer !== undefined || this.#paused) return;
    this.#firstAt = this.#lastAt;
    this.#wait(this.#quietMs);
  }

  /** Delivers all events, even if it is paused. */
  flush(): void {
    this.cancel();
    const events = [...this.#settled, ...this.#kept.values()];
    this.#settled = [];
    this.#kept.clear();
    for (const event of events) this.#deliver(event);
  }

  pause(): void {
    this.cancel();
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#deliverSettled();
    if (this.#paused) return;
    if (this.#kept.size > 0 && this.#timer === undefined) this.#wait(this.#quietMs);
  }

  cancel(): void {
    if (this.#timer?.active() === true) this.#timer.cancel();
    this.#timer = undefined;
  }

  /** Delivers the kept events, and then one that is not kept. */
  #report(...last: FileEvent[]): void {
    this.cancel();
    this.#settled = [...this.#settled, ...this.#kept.values(), ...last];
    this.#kept.clear();
    this.#deliverSettled();
  }

  /** A receiver may pause, resume and flush. */
  #deliverSettled(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    while (!this.#paused) {
      const event = this.#settled.shift();
      if (event === undefined) break;
      this.#deliver(event);
    }
    this.#delivering = false;
  }

  #keep(event: FileEvent): void {
    const former = this.#kept.get(event.name);
    this.#kept.delete(event.name);
    const kind = former === undefined ? event.kind : merged(former, event);
    if (kind === undefined) return;
    const { isDirectory, name } = event;
    this.#kept.set(name, kind === event.kind ? event : new FileEvent(kind, name, isDirectory));
  }

  #wait(delayMs: number): void {
    this.#timer = this.#clock.callLater(delayMs, () => this.#timeout());
  }

  #timeout(): void {
    const now = this.#clock.now();
    const until = Math.min(this.#lastAt + this.#quietMs, this.#firstAt + LONGEST * this.#quietMs);
    if (now < until) this.#wait(until - now);
    else this.#report();
  }
}

/** What two events are together; undefined if nothing. */
function merged(former: FileEvent, { kind, isDirectory }: FileEvent): FileEventKind | undefined {
  if (kind === 'removed') return former.kind === 'created' ? undefined : 'removed';
  if (former.kind === 'created') return 'created';
  if (kind === 'created' && former.kind === 'removed') {
    return former.isDirectory || isDirectory ? 'created' : 'modified';
  }
  return kind === 'attributes' ? former.kind : kind;
}
