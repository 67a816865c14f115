/** A loop for a hosted reactor whose time is a manual clock's. */
import type { LoopHost } from '../../reactor/time/loop-host.js';
import type { ManualClock } from '../manual-clock.js';

export function virtualLoop(clock: ManualClock): LoopHost {
  return {
    now: () => clock.now(),
    queueTurn: (callback) => void clock.callLater(0, callback),
    setTimer: (ms, callback) => {
      const call = clock.callLater(ms, callback);
      return () => {
        if (call.active()) call.cancel();
      };
    },
    keepAlive: () => () => {},
  };
}
