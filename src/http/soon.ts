/** The bodies of a Request and a Response that were made of text or bytes are available at once: their length can be known. */

/**
 * The result of a promise that is fulfilled within a few microtasks. The two reads of a body that was made of text or bytes are: its
 * length is then known.
 */
export async function soon<T>(promise: Promise<T>): Promise<T | undefined> {
  let result: T | undefined;
  promise.then(
    (value) => {
      result = value;
    },
    () => {},
  );
  for (let tick = 0; tick < SOON_TICKS && result === undefined; tick++) await undefined;
  return result;
}

/** Node 20 to 26 need 2. */
const SOON_TICKS = 8;
