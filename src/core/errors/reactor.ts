/** Errors of the reactor itself: its clock, its life, its features, its addon. */
import { RopewalkError } from './base.js';

/** The delayed call has already run. */
export class AlreadyCalledError extends RopewalkError {
  override readonly name = 'AlreadyCalledError';
  override readonly code = 'ERR_ALREADY_CALLED';

  constructor() {
    super('the delayed call has already run');
  }
}

/** The delayed call was already cancelled, or dropped by its clock. */
export class AlreadyCancelledError extends RopewalkError {
  override readonly name = 'AlreadyCancelledError';
  override readonly code = 'ERR_ALREADY_CANCELLED';

  constructor(message = 'the delayed call was already cancelled') {
    super(message);
  }
}

/** `run` was called on a reactor that is running or still shutting down. */
export class ReactorAlreadyRunningError extends RopewalkError {
  override readonly name = 'ReactorAlreadyRunningError';
  override readonly code = 'ERR_REACTOR_ALREADY_RUNNING';

  constructor() {
    super('the reactor is already running: await the promise of the first run()');
  }
}

/** `stop` or `crash` was called on a reactor that is not running. */
export class ReactorNotRunningError extends RopewalkError {
  override readonly name = 'ReactorNotRunningError';
  override readonly code = 'ERR_REACTOR_NOT_RUNNING';

  constructor() {
    super('the reactor is not running');
  }
}

/**
 * A socket was to be opened while the reactor ends all open ones. Not reported if a callback throws it: a client that
 * reconnects in `clientConnectionLost` need not check whether the reactor is stopping.
 */
export class ReactorStoppingError extends RopewalkError {
  override readonly name = 'ReactorStoppingError';
  override readonly code = 'ERR_REACTOR_STOPPING';

  constructor() {
    super('the reactor is stopping and opens nothing new until its run has ended');
  }
}

/** The reactor was disposed of and cannot open or schedule anything. */
export class ReactorDisposedError extends RopewalkError {
  override readonly name = 'ReactorDisposedError';
  override readonly code = 'ERR_REACTOR_DISPOSED';

  constructor() {
    super('the reactor was disposed of');
  }
}

/** This reactor or platform does not support the request; another may. */
export class UnsupportedError extends RopewalkError {
  override readonly name = 'UnsupportedError';
  override readonly code = 'ERR_UNSUPPORTED';
  /** The name of the unsupported option or method. */
  readonly feature: string;

  constructor(feature: string, why: string) {
    super(`${feature} is not supported: ${why}`);
    this.feature = feature;
  }
}

/** A file that was tried as the addon, and the reason why it could not be used. */
export interface AddonAttempt {
  readonly file: string;
  /** Its `code` is `MODULE_NOT_FOUND` if the file does not exist. */
  readonly error: Error;
}

export interface AddonNotLoadedOptions extends ErrorOptions {
  readonly attempts?: readonly AddonAttempt[];
  readonly advice?: string;
}

/** The native reactor was requested and its addon could not be loaded. `cause` is the error of the most likely file. */
export class AddonNotLoadedError extends RopewalkError {
  override readonly name = 'AddonNotLoadedError';
  override readonly code = 'ERR_ADDON_NOT_LOADED';
  /** All files that were tried, in order; none if no addon can be loaded at all. */
  readonly attempts: readonly AddonAttempt[];
  /** How to fix it: a sentence or two. */
  readonly advice: string;

  constructor(
    message: string,
    { attempts = [], advice = '', ...options }: AddonNotLoadedOptions = {},
  ) {
    super(message, options);
    this.attempts = attempts;
    this.advice = advice;
    // The message has the advice, and `cause` the likeliest reason: the stacks of all attempts would bury them.
    for (const name of ['attempts', 'advice']) {
      Object.defineProperty(this, name, { enumerable: false });
    }
  }
}
