/** The faults of a simulated network: the options, their checks, and three presets. */
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../core/errors/arguments.js';
import { checkInteger, checkMilliseconds } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import type { SeededRandom } from './random.js';

/** One number, or the minimum and maximum of a range from which each is drawn. */
export type MillisecondRange = number | readonly [min: number, max: number];

/** Probabilities range from 0 (never, the default) to 1 (always). */
export interface SimulationFaults {
  /**
   * One-way travel time of each piece of data. Pieces of a connection stay in order, as do datagrams from one socket to one
   * host, except for {@link reorder}. Default 1.
   */
  readonly latencyMs?: MillisecondRange;
  /** Bandwidth of each connection, each way, and of the output of each datagram socket. Default: no limit. */
  readonly bytesPerSecond?: number;
  /**
   * The send buffer of the system: once it is full, the transport waits. A longer datagram is accepted when the buffer is empty.
   * Default 64 KiB.
   */
  readonly sendBufferBytes?: number;
  /**
   * The receive buffer of the system: once it is full, the sender waits. UDP datagrams beyond it are lost.
   * Default 64 KiB.
   */
  readonly receiveWindowBytes?: number;
  /** Data travels in pieces of at most this many bytes. Default 64 KiB. */
  readonly maxPieceBytes?: number;
  /** Probability that a piece is cut short, at random. */
  readonly split?: number;
  /** Probability that a piece waits at the receiver for those behind it, up to 20 ms, and is delivered with them. */
  readonly coalesce?: number;
  /** Probability that an end of a connection, or a datagram socket, reads slowly. */
  readonly slowReader?: number;
  /** How fast a slow end reads. Default 4,096. */
  readonly slowReaderBytesPerSecond?: number;
  /** Probability that a connection is reset, at a random one of its first 16 pieces. Both ends are notified. */
  readonly reset?: number;
  /**
   * Probability that the two hosts of a connection are cut off from each other at a random one of its first 16 pieces.
   * Data of connections that is in transit waits; datagrams are lost.
   */
  readonly partition?: number;
  /** How long they are cut off. Default 10 to 5,000. */
  readonly partitionMs?: MillisecondRange;
  /** Probability that an attempt to connect fails: `ECONNREFUSED` or `EHOSTUNREACH`. */
  readonly connectFailure?: number;
  /** Additional time of an attempt to connect. Default 0. */
  readonly connectDelayMs?: MillisecondRange;
  /** Probability that the listener can't accept (`EMFILE`, which is reported): the client's connection is reset. */
  readonly acceptFailure?: number;
  /** Probability that a UNIX listener's queue is full when a client connects (`EAGAIN`): the client tries again. */
  readonly fullQueue?: number;
  /** Probability that a UDP datagram is lost on its way. */
  readonly loss?: number;
  /** Probability that a UDP datagram arrives twice. */
  readonly duplicate?: number;
  /** Probability that a UDP datagram is delayed by {@link reorderMs} more, and overtaken by those behind it. */
  readonly reorder?: number;
  /** Additional travel time of a delayed datagram. Default 1 to 50. */
  readonly reorderMs?: MillisecondRange;
  /** Longest UDP datagram that can leave a host, in bytes; longer ones are refused (`EMSGSIZE`). Default: UDP's own limit. */
  readonly mtuBytes?: number;
}

type FaultName = keyof SimulationFaults;

type Range = readonly [min: number, max: number];

/** Every value of {@link SimulationFaults}, checked; times are ranges. */
export type FaultSettings = {
  readonly [Name in FaultName]-?: Name extends `${string}Ms` ? Range : number;
};

/** Without faults; each piece takes a millisecond. */
export const CALM: SimulationFaults = Object.freeze({});

/**
 * The conditions that every protocol must tolerate: cut and joined pieces, uneven latency, small windows, slow readers; datagrams that are
 * lost, doubled and reordered.
 */
export const CHOPPY: SimulationFaults = Object.freeze({
  latencyMs: [0.1, 40],
  sendBufferBytes: 4096,
  receiveWindowBytes: 8192,
  split: 0.5,
  coalesce: 0.3,
  slowReader: 0.1,
  slowReaderBytesPerSecond: 65_536,
  loss: 0.05,
  duplicate: 0.02,
  reorder: 0.1,
  fullQueue: 0.1,
} as const);

/** {@link CHOPPY}, and connections that fail, break, and are cut off for a while. */
export const STORMY: SimulationFaults = Object.freeze({
  ...CHOPPY,
  reset: 0.1,
  partition: 0.1,
  connectFailure: 0.1,
  connectDelayMs: [0, 500],
  acceptFailure: 0.02,
} as const);

const DEFAULTS: FaultSettings = {
  latencyMs: [1, 1],
  bytesPerSecond: Number.POSITIVE_INFINITY,
  sendBufferBytes: 65_536,
  receiveWindowBytes: 65_536,
  maxPieceBytes: 65_536,
  split: 0,
  coalesce: 0,
  slowReader: 0,
  slowReaderBytesPerSecond: 4096,
  reset: 0,
  partition: 0,
  partitionMs: [10, 5000],
  connectFailure: 0,
  connectDelayMs: [0, 0],
  acceptFailure: 0,
  fullQueue: 0,
  loss: 0,
  duplicate: 0,
  reorder: 0,
  reorderMs: [1, 50],
  mtuBytes: 65_535,
};

const FAULTS = Object.fromEntries(
  Object.keys(DEFAULTS).map((name) => [name, true]),
) as OptionNames<SimulationFaults>;

/**
 * Checks the options and fills in the defaults.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError
 */
export function faultSettings(faults: SimulationFaults): FaultSettings {
  checkOptions('faults', faults, FAULTS);
  const settings: Record<string, unknown> = { ...DEFAULTS };
  for (const [name, value] of Object.entries(faults)) {
    if (value !== undefined) settings[name] = checkFault(name, value);
  }
  return settings as FaultSettings;
}

/** A number of the range. */
export function draw(random: SeededRandom, [min, max]: Range): number {
  return random.between(min, max);
}

function checkFault(name: string, value: unknown): unknown {
  const what = `faults.${name}`;
  if (name.endsWith('Ms')) return checkRange(what, value);
  if (/bytes/i.test(name)) return checkInteger(what, value, 1, Number.MAX_SAFE_INTEGER);
  if (typeof value !== 'number') throw new InvalidArgumentTypeError(what, 'a number', value);
  if (value >= 0 && value <= 1) return value;
  throw new InvalidArgumentValueError(what, 'a probability from 0 to 1', value);
}

function checkRange(what: string, value: unknown): Range {
  const [min, max] = Array.isArray(value) ? value : [value, value];
  if (checkMilliseconds(what, min) <= checkMilliseconds(what, max)) return [min, max];
  throw new InvalidArgumentValueError(what, 'a minimum and a maximum', value);
}
