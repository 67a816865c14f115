/** Errors of the reactor itself: its clock, its life, its abilities, its addon. */
import { RopewalkError } from './base.js';

/** The delayed call has run already. */
export class AlreadyCalledError extends RopewalkError {
  override readonly name = 'AlreadyCalledError';
  override readonly code = 'ERR_ALREADY_CALLED';

  constructor() {
    super('the delayed call has run already');
  }
}

/** The delayed call was cancelled before, or dropped by its clock. */
export class AlreadyCancelledError extends RopewalkError {
  override readonly name = 'AlreadyCancelledError';
  override readonly code = 'ERR_ALREADY_CANCELLED';

  constructor(message = 'the delayed call was cancelled already') {
    super(message);
  }
}

/** `run` was called on a reactor that runs, or that is still shutting down. */
export class ReactorAlreadyRunningError extends RopewalkError {
  override readonly name = 'ReactorAlreadyRunningError';
  override readonly code = 'ERR_REACTOR_ALREADY_RUNNING';

  constructor() {
    super('the reactor is running already: await the promise of the first run()');
  }
}

/** `stop` or `crash` was called on a reactor that does not run. */
export class ReactorNotRunningError extends RopewalkError {
  override readonly name = 'ReactorNotRunningError';
  override readonly code = 'ERR_REACTOR_NOT_RUNNING';

  constructor() {
    super('the reactor is not running');
  }
}

/**
 * Something was to be opened while the reactor ends everything it has open. Not reported where a callback throws it: a
 * client that reconnects from `clientConnectionLost` need not ask whether the reactor stops.
 */
export class ReactorStoppingError extends RopewalkError {
  override readonly name = 'ReactorStoppingError';
  override readonly code = 'ERR_REACTOR_STOPPING';

  constructor() {
    super('the reactor is stopping and opens nothing new until its run has ended');
  }
}

/** The reactor was disposed of and can make nothing new. */
export class ReactorDisposedError extends RopewalkError {
  override readonly name = 'ReactorDisposedError';
  override readonly code = 'ERR_REACTOR_DISPOSED';

  constructor() {
    super('the reactor was disposed of');
  }
}

/** This reactor or platform can't do what was asked; another may. */
export class UnsupportedError extends RopewalkError {
  override readonly name = 'UnsupportedError';
  override readonly code = 'ERR_UNSUPPORTED';
  /** What was asked for: an option's or a method's name. */
  readonly feature: string;

  constructor(feature: string, why: string) {
    super(`${feature} is not supported: ${why}`);
    this.feature = feature;
  }
}

/** A file that was tried as the addon, and why it is not. */
export interface AddonAttempt {
  readonly file: string;
  /** `MODULE_NOT_FOUND` is the `code` where there is no such file. */
  readonly error: Error;
}

export interface AddonNotLoadedOptions extends ErrorOptions {
  readonly attempts?: readonly AddonAttempt[];
  readonly advice?: string;
}

/** The native reactor was asked for and its addon could not be loaded. `cause` is the reason of the likeliest file. */
export class AddonNotLoadedError extends RopewalkError {
  override readonly name = 'AddonNotLoadedError';
  override readonly code = 'ERR_ADDON_NOT_LOADED';
  /** All files that were tried, in order; none where no addon can be loaded whatever its file. */
  readonly attempts: readonly AddonAttempt[];
  /** What to do about it: a sentence or two. */
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
