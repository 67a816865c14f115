// The function that each contender of round-trip.bench.ts calls in a thread.

/** @param {{ readonly a: number, readonly b: number }} numbers */
export function add({ a, b }) {
  return a + b;
}

export default add;
