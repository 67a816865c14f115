/** Iterators of sources that may be asynchronous. */

export type AnyIterator<T> = AsyncIterator<T, unknown> | Iterator<T, unknown>;

/** The asynchronous iterator of a source that has both. */
export function iteratorOf<T>(source: Iterable<T> | AsyncIterable<T>): AnyIterator<T> {
  const { [Symbol.asyncIterator]: later } = source as Partial<AsyncIterable<T>>;
  return later === undefined ? (source as Iterable<T>)[Symbol.iterator]() : later.call(source);
}
