/** Attaches foreign loops to reactors. */
import { AddonNotLoadedError, UnsupportedError } from '../core/errors/reactor.js';
import { captureContext, inContext } from '../internal/async-context.js';
import { checkClock, checkFunction, checkObject } from '../internal/check.js';
import { WINDOWS } from '../internal/platform.js';
import { type Addon, loadAddon } from '../native.js';
import {
  type AttachOptions,
  type AttachSettings,
  attachSettings,
  nativeSettings,
} from './attach-options.js';
import { ForeignAttachment } from './attachment.js';
import { ForeignLoopBusyError } from './errors.js';
import type { ForeignLoop, ForeignReady, ForeignWait } from './foreign-loop.js';
import { countSleeping, threadOwned } from './guest.js';
import {
  AddonHost,
  type ForeignReactor,
  type HostOwner,
  type LoopHost,
  type NativelyHosted,
  unwatchedReporter,
} from './loop-host.js';
import { ReactorHost } from './reactor-host.js';
import { ScriptHost } from './script-host.js';
import { NodeTimer, ReactorTimer } from './wait-timer.js';

/** The pollers of the reactors that are hosted in Node's loop. */
const HOSTED: readonly string[] = ['epoll', 'kqueue', 'poll', 'libuv'];

/** The loops that are attached in this thread. */
const attached = new WeakSet<object>();

/**
 * Runs an event loop of another library on a reactor: whatever it waits for, Node's loop waits for too, and its events are handled
 * between those of sockets. An idle loop causes no wake-ups.
 *
 * The loop is attached at once, whether the reactor runs or not, and is detached when the reactor is stopped. Callbacks of the loop
 * run outside of any async context.
 *
 * @param loop A loop of this module, such as `GLibLoop`, or your own.
 * @throws ForeignLoopBusyError another thread runs it, or it is attached already.
 * @throws UnsupportedError this platform or reactor cannot host it.
 * @throws ReactorStoppingError, ReactorDisposedError, InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function attachForeignLoop(
  reactor: ForeignReactor,
  loop: ForeignLoop | NativelyHosted,
  options: AttachOptions = {},
): ForeignAttachment {
  checkClock('reactor', reactor);
  checkObject('loop', loop);
  const settings = attachSettings(options);
  const hosting = isNative(loop)
    ? nativeHosting(reactor, loop, settings)
    : scriptHosting(reactor, loop, settings);
  if (attached.has(loop)) throw new ForeignLoopBusyError(loop.name, 'attachment');
  const sleeps = isNative(loop) && loop.sleepsItself === true;
  attached.add(loop);
  if (sleeps) countSleeping(1);
  const released = (): void => {
    attached.delete(loop);
    if (sleeps) countSleeping(-1);
  };
  try {
    return new ForeignAttachment(reactor, loop.name, settings, hosting, released);
  } catch (error) {
    released();
    throw error;
  }
}

function isNative(loop: ForeignLoop | NativelyHosted): loop is NativelyHosted {
  return typeof (loop as Partial<NativelyHosted>).hostNatively === 'function';
}

type Hosting = (owner: HostOwner) => LoopHost;

function nativeHosting(
  reactor: ForeignReactor,
  loop: NativelyHosted,
  settings: AttachSettings,
): Hosting {
  if (!HOSTED.includes(reactor.poller)) {
    throw new UnsupportedError(
      `the loop ${loop.name}`,
      "this reactor is not hosted in Node's loop: use the native or the pure-JS reactor",
    );
  }
  if (loop.sleepsItself === true && threadOwned()) {
    throw new UnsupportedError(
      `the loop ${loop.name}`,
      "it sleeps in place of Node's loop, but another loop owns the thread: attach it when that has returned",
    );
  }
  return (owner) =>
    new AddonHost(
      loop.hostNatively(
        nativeSettings(settings),
        (error) => owner.dispatched(error),
        unwatchedReporter(loop.name, owner),
      ),
    );
}

function scriptHosting(
  reactor: ForeignReactor,
  loop: ForeignLoop,
  settings: AttachSettings,
): Hosting {
  checkFunction('prepare', loop.prepare);
  checkFunction('dispatch', loop.dispatch);
  const inside = loopInContext(loop);
  const hosted = HOSTED.includes(reactor.poller);
  const addon = hosted ? addonIfAny() : undefined;
  if (addon !== undefined) {
    return (owner) => new ScriptHost(addon, inside, reactor, settings, owner);
  }
  return (owner) => {
    const timer = hosted ? new NodeTimer(reactor) : new ReactorTimer(reactor);
    return new ReactorHost(reactor, inside, settings, owner, timer);
  };
}

/** The loop, called in the async context of the caller. */
function loopInContext(loop: ForeignLoop): ForeignLoop {
  const context = captureContext();
  if (context === undefined) return loop;
  const prepare = inContext(context, () => loop.prepare());
  const dispatch = inContext(context, (ready: readonly ForeignReady[]) => loop.dispatch(ready));
  return {
    name: loop.name,
    prepare: () => prepare() as ForeignWait,
    dispatch: (ready) => dispatch(ready) as undefined,
  };
}

function addonIfAny(): Addon | undefined {
  if (WINDOWS) return undefined;
  try {
    return loadAddon();
  } catch (error) {
    if (error instanceof AddonNotLoadedError) return undefined;
    throw error;
  }
}
