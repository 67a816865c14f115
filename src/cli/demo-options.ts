/** The flags of `ropewalk demo`. */
import { POLLER_CHOICES, type PollerChoice } from '../reactor/poller-choice.js';
import { parseFlags } from './parse-flags.js';
import {
  choice,
  environmentReactor,
  REACTOR_CHOICES,
  type ReactorChoice,
} from './reactor-choice.js';
import { UsageError } from './usage-error.js';

export interface DemoOptions {
  readonly help: boolean;
  readonly interface: string;
  /** Port of the echo service; 0 lets the system choose. */
  readonly port: number;
  readonly chatPort: number;
  /** Undefined: no dashboard. */
  readonly dashboardPort: number | undefined;
  readonly reactor: ReactorChoice;
  readonly poller: PollerChoice;
  /** How long the reactor continues polling after a batch of events, in microseconds; 0 disables it. */
  readonly busyPollUs: number;
  /** Stops after this time; undefined: never. */
  readonly seconds: number | undefined;
  /** Connections of the built-in load; 0 is none. */
  readonly load: number;
  /** Worker threads that serve; 0: the main thread serves. */
  readonly workers: number;
}

const DEFAULT_PORT = 7007;
const MAX_LOAD = 10_000;
const MAX_WORKERS = 64;
const MAX_BUSY_POLL_US = 1_000_000;
const MAX_SECONDS = 1_000_000;

export const DEMO_USAGE: string = `Usage: ropewalk demo [flags]

Runs an echo and a chat server, and shows each second what the reactor does,
here and on a page (the dashboard).
Each piece received on the echo port and each line of the chat is a message.

  --port N          echo port (default ${DEFAULT_PORT}; 0 lets the system choose)
  --chat-port N     chat port (default echo port + 1; 0 lets the system choose)
  --dashboard-port N  port of the dashboard, on 127.0.0.1 only (default echo
                    port + 2; 0 lets the system choose)
  --no-dashboard    serve no dashboard
  --interface IP    address to listen on (default 127.0.0.1)
  --reactor KIND    native, node, or auto: native if it loads (default: the
                    variable ROPEWALK_REACTOR, else auto)
  --poller NAME     auto (default), epoll, kqueue, iocp or poll; native only
  --busy-poll US    poll US microseconds longer after each batch; native only
  --load N          send messages to the echo on N connections (up to ${MAX_LOAD})
  --workers N       N threads serve, each with its own reactor (up to ${MAX_WORKERS});
                    the first has the chat (default 0: the main thread serves)
  --seconds N       stop after N seconds
  --help            show this

Talk to it with \`ropewalk talk 127.0.0.1 ${DEFAULT_PORT}\`. Ctrl-C stops it; a second
Ctrl-C stops it at once.
`;

const string = { type: 'string' } as const;

const FLAGS = {
  'busy-poll': string,
  'chat-port': string,
  'dashboard-port': string,
  help: { type: 'boolean', short: 'h' },
  interface: string,
  load: string,
  'no-dashboard': { type: 'boolean' },
  poller: string,
  port: string,
  reactor: string,
  seconds: string,
  workers: string,
} as const;

/**
 * Reads the flags.
 * @param environment Has `ROPEWALK_REACTOR`, perhaps.
 * @throws UsageError
 */
export function parseDemoOptions(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): DemoOptions {
  const flags = parseFlags('demo', args, FLAGS).values;
  const port = wholeNumber('port', flags.port, DEFAULT_PORT, 65_535);
  const reactor =
    flags.reactor === undefined
      ? environmentReactor(environment.ROPEWALK_REACTOR)
      : choice('--reactor', flags.reactor, REACTOR_CHOICES);
  for (const flag of ['poller', 'busy-poll'] as const) {
    if (reactor === 'node' && flags[flag] !== undefined) {
      throw new UsageError(`--${flag} is for the native reactor only`);
    }
  }
  const chatPort = wholeNumber('chat-port', flags['chat-port'], behind(port, 1), 65_535);
  if (chatPort === port && port !== 0) {
    throw new UsageError(`--chat-port and --port must differ, but both are ${port}`);
  }
  const dashboardPort = flags['no-dashboard']
    ? undefined
    : wholeNumber('dashboard-port', flags['dashboard-port'], behind(port, 2), 65_535);
  if (dashboardPort !== 0 && (dashboardPort === port || dashboardPort === chatPort)) {
    throw new UsageError(
      `--dashboard-port must differ from the other ports, but is ${dashboardPort}`,
    );
  }
  if (flags.interface === '') {
    throw new UsageError('--interface takes an IP address, not ""; 0.0.0.0 and :: are all');
  }
  return {
    help: flags.help ?? false,
    interface: flags.interface ?? '127.0.0.1',
    port,
    chatPort,
    dashboardPort,
    reactor,
    poller: choice('--poller', flags.poller, POLLER_CHOICES),
    busyPollUs: wholeNumber('busy-poll', flags['busy-poll'], 0, MAX_BUSY_POLL_US),
    seconds: flags.seconds === undefined ? undefined : positiveSeconds(flags.seconds),
    load: wholeNumber('load', flags.load, 0, MAX_LOAD),
    workers: wholeNumber('workers', flags.workers, 0, MAX_WORKERS),
  };
}

/** The default of a port that follows the echo port. */
function behind(port: number, distance: number): number {
  return port === 0 || port + distance > 65_535 ? 0 : port + distance;
}

function wholeNumber(flag: string, text: string | undefined, preset: number, max: number): number {
  if (text === undefined) return preset;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value <= max) return value;
  throw new UsageError(`--${flag} takes a whole number from 0 to ${max}, not "${text}"`);
}

function positiveSeconds(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value > 0 && value <= MAX_SECONDS) return value;
  throw new UsageError(`--seconds takes a number above 0, up to ${MAX_SECONDS}, not "${text}"`);
}
