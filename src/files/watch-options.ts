/** Options of `watchFiles`. */
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import {
  checkAbortSignal,
  checkFunction,
  checkInteger,
  checkMilliseconds,
  checkObject,
} from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import type { FileEvent } from './file-event.js';
import { globPattern } from './glob.js';

/** Receives the events of a watcher. */
export interface FileListener {
  /** Something has changed. If it throws, or its promise rejects, the error is reported and the watcher ends. */
  fileChanged(event: FileEvent): void;
  /** All existing directories are watched. */
  watchStarted?(): void;
  /**
   * Called once, last.
   * @param reason {@link WatchDone}, {@link WatchLostError}, {@link WatchLimitError}, or an exception.
   */
  watchLost?(reason: Error): void;
}

/**
 * Files and directories that are not reported or entered: a predicate, or a pattern.
 *
 * In a pattern, `*` stands for any characters except the separator, `?` for one of them, and `**` for any number of directories. A
 * pattern without separator is compared with the name in each directory, another one with the path below the watched directory.
 */
export type IgnoreRule = string | ((path: string, isDirectory: boolean) => boolean);

export interface WatchFilesOptions {
  /** Receives the events. Without it, the watcher is iterated. */
  readonly listener?: FileListener;
  readonly ignore?: IgnoreRule | readonly IgnoreRule[];
  /** How many levels of directories below the given one are watched. 0 is that one only. Default: all. */
  readonly maxDepth?: number;
  /** More directories end the watcher with a {@link WatchLimitError}. Default 100,000. */
  readonly maxDirectories?: number;
  /** Events that wait for the iteration. Further ones are replaced by `overflow`, with those that wait. Default 16,384. */
  readonly maxQueuedEvents?: number;
  /**
   * Events are kept until none has come for this long, at most ten times as long, and then reported with one event for each path:
   * what it has become, compared with the last report. A move is reported at once, after all kept events. Default 0: nothing is kept.
   */
  readonly settleMs?: number;
  /** Closes the watcher. */
  readonly signal?: AbortSignal;
}

const OPTIONS: OptionNames<WatchFilesOptions> = {
  ignore: true,
  listener: true,
  maxDepth: true,
  maxDirectories: true,
  maxQueuedEvents: true,
  settleMs: true,
  signal: true,
};

const DEFAULT_MAX_DIRECTORIES = 100_000;
const DEFAULT_MAX_QUEUED_EVENTS = 16_384;

/** Compared with the text of a path below the root, its name, and the whole path. */
export type IgnoreTest = (
  below: string,
  name: string,
  path: string,
  isDirectory: boolean,
) => boolean;

export interface WatchSettings {
  readonly listener: FileListener | undefined;
  readonly ignored: readonly IgnoreTest[];
  /** Whether a rule depends on more than the name. */
  readonly ignoresPaths: boolean;
  readonly maxDepth: number;
  readonly maxDirectories: number;
  readonly maxQueuedEvents: number;
  readonly settleMs: number;
  readonly signal: AbortSignal | undefined;
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
export function watchSettings(options: WatchFilesOptions): WatchSettings {
  checkOptions('watchFiles', options, OPTIONS);
  const { listener, signal } = options;
  if (listener !== undefined) checkListener(listener);
  if (signal !== undefined) checkAbortSignal('signal', signal);
  const rules: readonly IgnoreRule[] = Array.isArray(options.ignore)
    ? options.ignore
    : [options.ignore ?? []].flat();
  return {
    listener,
    signal,
    ignored: rules.map(ignoreTest),
    ignoresPaths: rules.some((rule) => typeof rule === 'function' || rule.includes('/')),
    maxDepth: count('maxDepth', options.maxDepth, 0) ?? Number.POSITIVE_INFINITY,
    maxDirectories: count('maxDirectories', options.maxDirectories, 1) ?? DEFAULT_MAX_DIRECTORIES,
    maxQueuedEvents:
      count('maxQueuedEvents', options.maxQueuedEvents, 1) ?? DEFAULT_MAX_QUEUED_EVENTS,
    settleMs: checkMilliseconds('settleMs', options.settleMs ?? 0),
  };
}

function checkListener(listener: FileListener): void {
  checkObject('listener', listener);
  checkFunction('fileChanged', listener.fileChanged);
  if (listener.watchStarted !== undefined) checkFunction('watchStarted', listener.watchStarted);
  if (listener.watchLost !== undefined) checkFunction('watchLost', listener.watchLost);
}

function count(what: string, value: number | undefined, min: number): number | undefined {
  return value === undefined ? value : checkInteger(what, value, min, Number.MAX_SAFE_INTEGER);
}

function ignoreTest(rule: IgnoreRule): IgnoreTest {
  if (typeof rule === 'function')
    return (_below, _name, path, isDirectory) => rule(path, isDirectory);
  if (typeof rule !== 'string') {
    throw new InvalidArgumentTypeError('ignore', 'a pattern or a function', rule);
  }
  const pattern = globPattern(rule);
  return rule.includes('/') ? (below) => pattern.test(below) : (_below, name) => pattern.test(name);
}
