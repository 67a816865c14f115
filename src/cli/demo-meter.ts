/** Computes rates of the last second from the demo's totals, and keeps those of the past minutes for the curves. */

/** Totals at one moment. */
export interface DemoReading {
  /** Monotonic, in milliseconds. */
  readonly atMs: number;
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly turns: number;
  /** Length of turns since the previous reading; 0 if none was measured. */
  readonly turnMsP50: number;
  readonly turnMsP99: number;
  readonly connectionsOpen: number;
  readonly connectionsTotal: number;
  readonly rssBytes: number;
  /** Processor time used, user and system, in microseconds. */
  readonly cpuUs: number;
}

/** A counted quantity. */
export interface Flow {
  readonly perSecond: number;
  readonly total: number;
  /** Past rates, oldest first; the current one is last. */
  readonly history: readonly number[];
}

export interface DemoFigures {
  readonly uptimeSeconds: number;
  readonly messagesIn: Flow;
  readonly messagesOut: Flow;
  readonly bytesIn: Flow;
  readonly bytesOut: Flow;
  readonly turnsPerSecond: number;
  /** Undefined if no turn was measured. */
  readonly turnMsP50: number | undefined;
  readonly turnMsP99: number | undefined;
  readonly connectionsOpen: number;
  readonly connectionsTotal: number;
  readonly rssBytes: number;
  /** Growth of memory per connection. Undefined if there are too few connections. */
  readonly bytesPerConnection: number | undefined;
  readonly cpuPercent: number;
}

const FLOWS = ['messagesIn', 'messagesOut', 'bytesIn', 'bytesOut'] as const;
const HISTORY_LENGTH = 120;
/** With fewer connections, other growth of the heap hides their memory. */
const MIN_CONNECTIONS_TO_WEIGH = 100;

export class DemoMeter {
  readonly #first: DemoReading;
  #last: DemoReading;
  readonly #history: Record<(typeof FLOWS)[number], number[]> = {
    messagesIn: [],
    messagesOut: [],
    bytesIn: [],
    bytesOut: [],
  };

  constructor(first: DemoReading) {
    this.#first = first;
    this.#last = first;
  }

  /** The figures since the previous reading. */
  take(reading: DemoReading): DemoFigures {
    const last = this.#last;
    this.#last = reading;
    const seconds = Math.max(reading.atMs - last.atMs, 1) / 1000;
    const flow = (name: (typeof FLOWS)[number]): Flow => {
      const perSecond = (reading[name] - last[name]) / seconds;
      const history = this.#history[name];
      history.push(perSecond);
      if (history.length > HISTORY_LENGTH) history.shift();
      return { perSecond, total: reading[name], history: [...history] };
    };
    const turns = reading.turns - last.turns;
    const { connectionsOpen, connectionsTotal, rssBytes } = reading;
    return {
      uptimeSeconds: (reading.atMs - this.#first.atMs) / 1000,
      messagesIn: flow('messagesIn'),
      messagesOut: flow('messagesOut'),
      bytesIn: flow('bytesIn'),
      bytesOut: flow('bytesOut'),
      turnsPerSecond: turns / seconds,
      turnMsP50: turns > 0 ? reading.turnMsP50 : undefined,
      turnMsP99: turns > 0 ? reading.turnMsP99 : undefined,
      connectionsOpen,
      connectionsTotal,
      rssBytes,
      bytesPerConnection:
        connectionsOpen < MIN_CONNECTIONS_TO_WEIGH
          ? undefined
          : Math.max(0, (rssBytes - this.#first.rssBytes) / connectionsOpen),
      cpuPercent: (reading.cpuUs - last.cpuUs) / seconds / 10_000,
    };
  }
}
