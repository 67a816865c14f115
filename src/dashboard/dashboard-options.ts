/** The options of a dashboard. */
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import type { StreamClientEndpoint } from '../core/stream-endpoint.js';
import {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkObject,
  checkPlainObject,
  checkString,
} from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import type { GroupMetrics } from '../workers/worker-group.js';

/** The part of a WorkerGroup that a dashboard uses. */
export interface MeasuredWorkers {
  metrics(): PromiseLike<GroupMetrics>;
}

export interface DashboardOptions {
  /** The name of the program. Default `Ropewalk`. */
  readonly title?: string;
  /**
   * Totals of the program by name, such as `{ 'messages in': () => counts.messagesIn }`: each is shown as a rate. Read once per
   * interval.
   */
  readonly meters?: Readonly<Record<string, () => number>>;
  /** Workers, whose figures are added to those of the reactor, and whose loads are shown. */
  readonly workers?: MeasuredWorkers;
  /** A chat server of lines, such as that of `ropewalk demo`: visitors of the page can join. Default: no chat. */
  readonly chat?: StreamClientEndpoint;
  /** Whether visitors of the page can start the comparison of the two reactors, which uses two processors for some seconds. Default false. */
  readonly loadRuns?: boolean;
  /**
   * Whether other machines may be able to connect. Nobody has to log in, so a proxy or a firewall has to decide who can. Default
   * false: an endpoint that is not on a loopback address or a UNIX socket is refused.
   */
  readonly allowRemote?: boolean;
  /**
   * Host names under which the page is opened, without ports. Default: none but `localhost` and names below it; IP addresses are always
   * accepted. Requests with another Host field are refused, because they may come from a page of another site (DNS rebinding).
   */
  readonly hosts?: readonly string[];
  /** The time between two samples, 100 to 60,000. Default 1,000. */
  readonly intervalMs?: number;
  /**
   * Whether samples are also taken while no page is open, so that a page begins with the last 300. If not, the dashboard does not
   * wake up an idle program. Default true.
   */
  readonly sampleUnwatched?: boolean;
  /** The most connections that are listed, 0 to 10,000. Default 200. */
  readonly maxListedConnections?: number;
}

const NAMES: OptionNames<DashboardOptions> = {
  title: true,
  meters: true,
  workers: true,
  chat: true,
  loadRuns: true,
  allowRemote: true,
  hosts: true,
  intervalMs: true,
  sampleUnwatched: true,
  maxListedConnections: true,
};

export interface DashboardSettings {
  readonly title: string;
  readonly meters: ReadonlyMap<string, () => number>;
  readonly workers: MeasuredWorkers | undefined;
  readonly chat: StreamClientEndpoint | undefined;
  readonly loadRuns: boolean;
  readonly allowRemote: boolean;
  readonly hosts: ReadonlySet<string>;
  readonly intervalMs: number;
  readonly sampleUnwatched: boolean;
  readonly maxListedConnections: number;
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
export function dashboardSettings(options: DashboardOptions): DashboardSettings {
  checkOptions('serveDashboard', options, NAMES);
  const {
    title = 'Ropewalk',
    meters = {},
    workers,
    chat,
    loadRuns = false,
    allowRemote = false,
    hosts = [],
    intervalMs = 1_000,
    sampleUnwatched = true,
    maxListedConnections = 200,
  } = options;
  checkPlainObject('meters', meters);
  for (const [name, read] of Object.entries(meters)) checkFunction(`meters: ${name}`, read);
  if (workers !== undefined) checkObject('workers', workers);
  if (chat !== undefined) checkObject('chat', chat);
  if (!Array.isArray(hosts)) throw new InvalidArgumentTypeError('hosts', 'an array', hosts);
  return {
    title: checkString('title', title),
    meters: new Map(Object.entries(meters)),
    workers,
    chat,
    loadRuns: checkBoolean('loadRuns', loadRuns),
    allowRemote: checkBoolean('allowRemote', allowRemote),
    hosts: new Set(hosts.map((host) => checkString('hosts', host).toLowerCase())),
    intervalMs: checkInteger('intervalMs', intervalMs, 100, 60_000),
    sampleUnwatched: checkBoolean('sampleUnwatched', sampleUnwatched),
    maxListedConnections: checkInteger('maxListedConnections', maxListedConnections, 0, 10_000),
  };
}
