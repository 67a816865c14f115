/** A loop for a hosted reactor that takes its time from another clock. */
import type { Clock } from '../../core/clock.js';
import type { LoopHost } from '../../reactor/time/loop-host.js';

export function virtualLoop(clock: Clock): LoopHost {
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
