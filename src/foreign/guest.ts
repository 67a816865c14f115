/** Node's loop of this thread as a guest of another loop: one native object, shared by all embedded reactors. */
import { UnsupportedError } from '../core/errors/reactor.js';
import { reportError } from '../internal/error-report.js';
import type { NativeGuest } from '../native.js';
import { TurnRefusedError } from './errors.js';
import { foreignAddon } from './foreign-addon.js';

const ADVICE = 'attach the other loop to the reactor instead';

let guest: NativeGuest | undefined;
let blocked = 0;
/** The attached loops that sleep in place of Node's. */
let sleeping = 0;
/** The embedded reactor whose `wake` is called. */
let waking: object | undefined;

/** @throws UnsupportedError, AddonNotLoadedError */
export function threadGuest(): NativeGuest {
  guest ??= makeGuest();
  return guest;
}

function makeGuest(): NativeGuest {
  const addon = foreignAddon('embedReactor');
  try {
    return addon.createGuest(() => {}, reportRefusal);
  } catch (error) {
    const { syscall } = error as NodeJS.ErrnoException;
    if (syscall === 'uv_backend_fd') {
      throw new UnsupportedError(
        'embedReactor',
        `Node's loop has no descriptor on this platform: ${ADVICE}`,
      );
    }
    if (syscall === 'v8::TryCatch') {
      throw new UnsupportedError(
        'embedReactor',
        `this program does not export the functions of V8 that it needs: ${ADVICE}`,
      );
    }
    throw error;
  }
}

function reportRefusal(inTurn: boolean): void {
  reportError(inTurn ? refusal() : new TurnRefusedError('stack'), 'serving the reactor');
}

/** @internal The reason for which no turn is possible now. */
export function refusal(): TurnRefusedError {
  return new TurnRefusedError(blocked > 0 ? 'turn' : 'outside');
}

/**
 * @internal Has a thread call `wake` for `owner`, in place of anything that it called before. An empty one ends that, unless it was called
 * for another owner.
 */
export function interleave(owner: object, wake: BigUint64Array): void {
  if (wake.length === 0 && waking !== owner) return;
  waking = undefined;
  threadGuest().interleave(wake);
  if (wake.length > 0) waking = owner;
}

/** @internal Counts the calls that own the thread. */
export function countBlocked(change: 1 | -1): void {
  blocked += change;
}

/** @internal Whether calls own the thread, or will. */
export function threadOwned(): boolean {
  return blocked > 0;
}

/** @internal Counts the attached loops that sleep in place of Node's. */
export function countSleeping(change: 1 | -1): void {
  sleeping += change;
}

/** @internal @throws UnsupportedError A loop is attached that would sleep inside the turns of the loop that owns the thread. */
export function checkNobodySleeps(): void {
  if (sleeping === 0) return;
  throw new UnsupportedError(
    'block',
    "a loop is attached that sleeps in place of Node's (CoreFoundationLoop), which the loop that owns the thread would have to do: detach it first",
  );
}
