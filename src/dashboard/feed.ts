/** The contents of the pages: samples of each interval, events, connections and load runs. */
import type { DelayedCall } from '../core/clock.js';
import type { Reactor } from '../core/reactor.js';
import { messageOf, textOf } from '../core/text-of.js';
import { ROOT_CONTEXT } from '../internal/async-context.js';
import { type ErrorReport, errorChannel, reportError } from '../internal/error-report.js';
import type { DashboardSettings } from './dashboard-options.js';
import { EventLog } from './event-log.js';
import { IDLE_LOAD, LoadRun, type LoadState } from './load-run.js';
import { Meters } from './meters.js';
import type { ConnectionRow, ToPage } from './page-messages.js';
import type { Sample } from './sampler.js';
import { Sampler, TURN_LIMITS_MS } from './sampler.js';

/** A viewer of the feed. */
export interface Page {
  /** Whether few bytes to it are unsent. */
  readonly keepsUp: boolean;
  readonly watchesConnections: boolean;
  tell(message: ToPage): void;
  close(code?: number, reason?: string): void;
}

const HISTORY_LENGTH = 300;
const GOING_AWAY = 1001;
/** The target of a request may be long. */
const MAX_ACTIVITY_LENGTH = 120;
/** Between the beginnings of comparisons: each starts processes, and a page can cancel it. */
const LOAD_INTERVAL_MS = 1_000;
const LOAD = { roundMs: 2_500, connections: 50, messageBytes: 64 };

export class Feed {
  readonly settings: DashboardSettings;
  readonly log: EventLog = new EventLog(Date.now);
  readonly #reactor: Reactor;
  readonly #meters: Meters;
  readonly #pages: Set<Page> = new Set();
  readonly #history: Sample[] = [];
  #sampler: Sampler | undefined;
  #next: DelayedCall | undefined;
  #load: LoadRun | undefined;
  #loadState: LoadState = IDLE_LOAD;
  #nextLoad: DelayedCall | undefined;
  #nextLoadAtMs = Number.NEGATIVE_INFINITY;
  #sampling = false;
  #stopped = false;

  constructor(reactor: Reactor, settings: DashboardSettings) {
    this.#reactor = reactor;
    this.settings = settings;
    this.#meters = new Meters(reactor, settings);
  }

  /** The number of open pages. */
  get pages(): number {
    return this.#pages.size;
  }

  get latest(): Sample | undefined {
    return this.#history.at(-1);
  }

  async start(): Promise<void> {
    errorChannel.subscribe(this.#errorReported);
    this.#sampling = true;
    this.#sampler = new Sampler(await this.#meters.read());
    this.#schedule();
  }

  get #isWatched(): boolean {
    return this.settings.sampleUnwatched || this.#pages.size > 0;
  }

  /** Ends all pages, and a load run. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    errorChannel.unsubscribe(this.#errorReported);
    if (this.#next?.active()) this.#next.cancel();
    this.cancelLoad();
    for (const page of this.#pages) page.close(GOING_AWAY, 'the program is stopping');
  }

  joined(page: Page): void {
    this.#pages.add(page);
    const { settings } = this;
    const { kind, poller } = this.#reactor;
    page.tell({
      type: 'hello',
      title: settings.title,
      reactor: { kind, poller },
      node: process.version,
      pid: process.pid,
      intervalMs: settings.intervalMs,
      meters: [...settings.meters.keys()],
      turnLimitsMs: TURN_LIMITS_MS,
      hasWorkers: settings.workers !== undefined,
      hasChat: settings.chat !== undefined,
      hasLoadRuns: settings.loadRuns,
      history: this.#history,
      events: this.log.events,
      load: this.#loadState,
    });
    if (!this.#sampling) this.#resume();
  }

  left(page: Page): void {
    this.#pages.delete(page);
  }

  showConnections(pages: Iterable<Page>): void {
    const watching = [...pages].filter((page) => page.watchesConnections && page.keepsUp);
    if (watching.length === 0) return;
    const reports = this.#reactor.connections(this.settings.maxListedConnections);
    const rows = reports.map(({ peer, host, activity, ...report }): ConnectionRow => {
      const shown = activity.slice(0, MAX_ACTIVITY_LENGTH);
      return { ...report, activity: shown, peer: String(peer), host: String(host) };
    });
    const total = this.#reactor.totals().connectionsOpen;
    for (const page of watching) page.tell({ type: 'connections', total, rows });
  }

  /**
   * Starts the comparison of the reactors, unless it is not allowed, or one is in progress or about to start: at once, or a second
   * after the beginning of the last one.
   */
  startLoad(): void {
    if (!this.settings.loadRuns || this.#stopped) return;
    if (this.#load !== undefined || this.#nextLoad?.active()) return;
    const delayMs = this.#nextLoadAtMs - this.#reactor.now();
    if (delayMs <= 0) this.#beginLoad();
    else this.#nextLoad = this.#reactor.callLater(delayMs, () => this.#beginLoad());
  }

  cancelLoad(): void {
    if (this.#nextLoad?.active()) this.#nextLoad.cancel();
    this.#load?.cancel();
  }

  #beginLoad(): void {
    this.#nextLoadAtMs = this.#reactor.now() + LOAD_INTERVAL_MS;
    this.log.add('a comparison of the reactors has begun', 'info');
    const load = new LoadRun(this.#reactor, LOAD, (state) => this.#loadChanged(state));
    this.#load = load;
    void load.run().then(() => {
      this.#load = undefined;
      this.log.add(`the comparison of the reactors: ${load.state.state}`, 'info');
    });
  }

  #loadChanged(load: LoadState): void {
    this.#loadState = load;
    for (const page of this.#pages) page.tell({ type: 'load', load });
  }

  /** Samples are taken again. The time in which there were none belongs to no sample. */
  #resume(): void {
    this.#sampling = true;
    this.#meters
      .read()
      .then((reading) => {
        this.#sampler?.skipTo(reading);
        this.#schedule();
      })
      .catch((error: unknown) => reportError(error, 'the dashboard'));
  }

  /** The call serves all pages, so it is made in the root context. */
  #schedule(): void {
    this.#sampling = this.#isWatched && !this.#stopped;
    if (!this.#sampling) return;
    ROOT_CONTEXT.runInAsyncScope(() => {
      this.#next = this.#reactor.callLater(this.settings.intervalMs, () => {
        this.#next = undefined;
        this.#sample()
          .then(() => this.#schedule())
          .catch((error: unknown) => reportError(error, 'the dashboard'));
      });
      // The reactor has ended without closing the dashboard.
      this.#next.whenDropped(() => this.stop());
    });
  }

  async #sample(): Promise<void> {
    const reading = await this.#meters.read();
    const sample = this.#sampler?.take(reading);
    if (sample === undefined || this.#stopped) return;
    this.#history.push(sample);
    if (this.#history.length > HISTORY_LENGTH) this.#history.shift();
    const events = this.log.takeAdded();
    for (const page of this.#pages) {
      // A page that does not keep up misses samples, not events.
      if (page.keepsUp) page.tell({ type: 'sample', sample });
      if (events.length > 0) page.tell({ type: 'events', events });
    }
    this.showConnections(this.#pages);
  }

  readonly #errorReported = (message: unknown): void => {
    const { error, where, peer } = message as ErrorReport;
    const whose = peer === undefined ? '' : ` (${textOf(peer)})`;
    this.log.add(`${where}${whose}: ${messageOf(error)}`, 'error');
  };
}
