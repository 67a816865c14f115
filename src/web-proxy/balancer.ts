/** Chooses the backend of a request. */
import type { Backend } from './backend.js';

/**
 * `round-robin`: in turn, in proportion to the weights. `least-connections`: the one with the fewest requests in progress in proportion to
 * its weight, in turn if several have as few.
 */
export type Balance = 'round-robin' | 'least-connections';

export const BALANCES: readonly Balance[] = ['round-robin', 'least-connections'];

/**
 * @param tried Those that have failed for this request: the last choice.
 * @returns Undefined if all are down.
 */
export function choose(
  backends: readonly Backend[],
  balance: Balance,
  now: number,
  tried: readonly Backend[] = [],
): Backend | undefined {
  const [only] = backends;
  if (backends.length === 1) return only?.isDown === true ? undefined : only;
  const up = backends.filter((backend) => !backend.isDown);
  const fresh = up.filter((backend) => !tried.includes(backend));
  const candidates = fresh.length > 0 ? fresh : up;
  const rested = candidates.filter((backend) => backend.restsUntil <= now);
  // If all rest, one of them is better than none.
  return inTurn(rested.length > 0 ? rested : candidates, balance);
}

/**
 * Smooth weighted round robin: each candidate earns its weight, and the chosen one pays for all, so that those with large weights do not
 * get their requests in bursts.
 */
function inTurn(candidates: readonly Backend[], balance: Balance): Backend | undefined {
  const among = balance === 'round-robin' ? candidates : leastBusy(candidates);
  let best: Backend | undefined;
  let total = 0;
  for (const backend of among) {
    backend.credit += backend.weight;
    total += backend.weight;
    if (best === undefined || backend.credit > best.credit) best = backend;
  }
  if (best !== undefined) best.credit -= total;
  return best;
}

function leastBusy(candidates: readonly Backend[]): Backend[] {
  const load = ({ active, weight }: Backend): number => active / weight;
  const least = Math.min(...candidates.map(load));
  return candidates.filter((backend) => load(backend) === least);
}
