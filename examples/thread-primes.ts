// The module that threads.ts calls: a computation that takes a while.
import { isCallCancelled } from 'ropewalk/threads';

/** The number of primes below `limit`. */
export function countPrimes(limit: number): number {
  let primes = 0;
  for (let n = 2; n < limit; n++) {
    if (n % 1_000 === 0 && isCallCancelled()) break; // nobody needs the result any more
    if (isPrime(n)) primes += 1;
  }
  return primes;
}

function isPrime(n: number): boolean {
  for (let divisor = 2; divisor * divisor <= n; divisor++) {
    if (n % divisor === 0) return false;
  }
  return true;
}
