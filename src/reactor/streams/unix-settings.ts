/** UNIX options, checked and with their defaults filled in. */

import { InvalidArgumentValueError } from '../../core/errors/arguments.js';
import { UnsupportedError } from '../../core/errors/reactor.js';
import type { ConnectUNIXOptions, ListenUNIXOptions } from '../../core/unix-options.js';
import {
  checkAbortSignal,
  checkBoolean,
  checkInteger,
  checkMilliseconds,
  checkString,
} from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { WINDOWS } from '../../internal/platform.js';
import { DEFAULT_BACKLOG } from './tcp-settings.js';

const MAX_INT32 = 2 ** 31 - 1;
const MAX_MODE = 0o777;
/** The capacity of a `sockaddr_un`: unix(7). Linux has 108 bytes, one of which ends a path; the BSDs have 104. */
const MAX_PATH_BYTES = process.platform === 'linux' ? 107 : 103;
/** The names that CreateNamedPipe accepts; they have at most 256 characters, the prefix included. */
const PIPE_NAME = /^\\\\[.?]\\pipe\\[^\0]+$/i;
const MAX_PIPE_NAME = 256;

const LISTEN_OPTIONS: OptionNames<ListenUNIXOptions> = {
  mode: true,
  backlog: true,
  wantPID: true,
  sendBufferBytes: true,
};
const CONNECT_OPTIONS: OptionNames<ConnectUNIXOptions> = {
  timeoutMs: true,
  checkPID: true,
  signal: true,
  sendBufferBytes: true,
};

export interface UNIXSettings {
  readonly path: string;
  readonly sendBufferBytes: number | undefined;
}

export interface UNIXListenSettings extends UNIXSettings {
  readonly mode: number;
  readonly backlog: number;
  readonly wantPID: boolean;
}

export interface UNIXConnectSettings extends UNIXSettings {
  readonly timeoutMs: number;
  readonly checkPID: boolean;
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function unixListenSettings(path: string, options: ListenUNIXOptions): UNIXListenSettings {
  checkOptions('listenUNIX', options, LISTEN_OPTIONS);
  const wantPID = checkBoolean('wantPID', options.wantPID ?? false);
  checkPath('path', path);
  if (wantPID && path.startsWith('\0')) {
    throw new InvalidArgumentValueError('wantPID', 'false for an abstract name', wantPID);
  }
  const mode = checkMode(options.mode);
  refuseOfPipes('mode', options.mode !== undefined, 'Windows decides who may connect');
  refuseOfPipes('wantPID', wantPID, 'they leave no file behind');
  return {
    path,
    wantPID,
    mode,
    backlog: checkInteger('backlog', options.backlog ?? DEFAULT_BACKLOG, 1, MAX_INT32),
    sendBufferBytes: bufferBytes('sendBufferBytes', options.sendBufferBytes),
  };
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function unixConnectSettings(
  path: string,
  options: ConnectUNIXOptions,
): UNIXConnectSettings {
  checkOptions('connectUNIX', options, CONNECT_OPTIONS);
  if (options.signal !== undefined) checkAbortSignal('signal', options.signal);
  const checkPID = checkBoolean('checkPID', options.checkPID ?? false);
  checkPath('path', path);
  refuseOfPipes('checkPID', checkPID, 'they end with the process that listens');
  return {
    path,
    timeoutMs: checkMilliseconds('timeoutMs', options.timeoutMs ?? 30_000),
    checkPID,
    sendBufferBytes: bufferBytes('sendBufferBytes', options.sendBufferBytes),
  };
}

/** Checks a path for a UNIX socket. @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function checkPath(what: string, value: unknown): string {
  const path = checkString(what, value);
  if (WINDOWS && !path.startsWith('\0')) return checkPipeName(what, path);
  const bytes = Buffer.byteLength(path);
  // An abstract name may have all 108 bytes, its first NUL included.
  const most = path.startsWith('\0') ? MAX_PATH_BYTES + 1 : MAX_PATH_BYTES;
  if (bytes === 0 || bytes > most || path === '\0') {
    const expected = `a path of 1 to ${MAX_PATH_BYTES} bytes`;
    throw new InvalidArgumentValueError(what, expected, value, `it has ${bytes} bytes`);
  }
  if (path.includes('\0', 1)) {
    throw new InvalidArgumentValueError(what, 'a path without NUL inside', value);
  }
  return path;
}

function checkPipeName(what: string, path: string): string {
  if (PIPE_NAME.test(path) && path.length <= MAX_PIPE_NAME) return path;
  throw new InvalidArgumentValueError(
    what,
    `the name of a pipe, \\\\.\\pipe\\..., of at most ${MAX_PIPE_NAME} characters`,
    path,
  );
}

/** @throws UnsupportedError on Windows, where UNIX sockets are named pipes. */
function refuseOfPipes(option: string, asked: boolean, why: string): void {
  if (WINDOWS && asked) throw new UnsupportedError(option, `not for named pipes: ${why}`);
}

export function checkMode(mode: number | undefined): number {
  return checkInteger('mode', mode ?? 0o666, 0, MAX_MODE);
}

function bufferBytes(what: string, value: number | undefined): number | undefined {
  return value === undefined ? undefined : checkInteger(what, value, 1, MAX_INT32);
}
