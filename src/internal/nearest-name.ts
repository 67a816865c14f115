/** Suggests the name that a mistyped or foreign one probably means: "did you mean" of options and commands. */

/** Names that other libraries use, in lower case, and the corresponding names here, the most likely first. */
const SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  address: ['interface', 'localAddress', 'host'],
  bind: ['interface', 'localAddress', 'bindAddress'],
  bindaddress: ['interface', 'localAddress'],
  bytes: ['maxBytes', 'bytesPerSecond', 'chunkBytes'],
  chunksize: ['chunkBytes', 'maxPieceBytes'],
  concurrency: ['workers', 'maxConnections'],
  connecttimeout: ['timeoutMs'],
  delay: ['latencyMs', 'initialDelayMs', 'restMs'],
  host: ['interface', 'localAddress'],
  hostname: ['interface', 'localAddress', 'host'],
  idletimeout: ['idleMs'],
  interface: ['localAddress', 'source'],
  interval: ['pollMs', 'intervalMs', 'tickMs'],
  ip: ['interface', 'localAddress'],
  keepaliveinitialdelay: ['keepAlive'],
  limit: ['maxConnections', 'maxBytes', 'maxLength', 'size'],
  localhost: ['interface', 'localAddress'],
  lock: ['wantPID', 'checkPID'],
  max: ['maxConnections', 'maxBytes', 'maxLength', 'size'],
  maxsize: ['maxLength', 'maxBytes', 'size', 'maxPacketSize'],
  permissions: ['mode'],
  rate: ['bytesPerSecond'],
  reactor: ['clock'],
  reuseaddr: ['reuseAddress', 'listenMultiple'],
  separator: ['delimiter'],
  terminator: ['delimiter', 'ending'],
  threads: ['workers'],
  timeout: ['timeoutMs', 'idleMs', 'readyTimeoutMs'],
  unlink: ['wantPID', 'ownsFile'],
};

/** The one of `names` that was probably meant by `name`. Undefined if none is close. */
export function nearestName(name: string, names: readonly string[]): string | undefined {
  const wanted = plain(name);
  const same = names.find((one) => plain(one) === wanted);
  if (same !== undefined) return same;
  const synonym = Object.hasOwn(SYNONYMS, wanted)
    ? SYNONYMS[wanted]?.find((one) => names.includes(one))
    : undefined;
  if (synonym !== undefined) return synonym;
  let nearest: string | undefined;
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of names) {
    const known = plain(candidate);
    const distance =
      wanted.length >= 3 && known.startsWith(wanted) ? 1 : editDistance(wanted, known);
    if (distance < least) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

function plain(name: string): string {
  return name.slice(0, 64).toLowerCase().replaceAll(/[-_]/g, '');
}

/** A little less than another letter: `tsl` is `tls` rather than `ssl`. */
const SWAP = 0.9;

/** The number of insertions, deletions, replacements and swaps of neighbours that turn one text into the other. */
function editDistance(one: string, other: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row++) {
    const current = [row];
    for (let column = 1; column <= other.length; column++) {
      const same = one[row - 1] === other[column - 1];
      let cost = Math.min(
        (previous[column] as number) + 1,
        (current[column - 1] as number) + 1,
        (previous[column - 1] as number) + (same ? 0 : 1),
      );
      const swapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      if (swapped) cost = Math.min(cost, (before[column - 2] as number) + SWAP);
      current.push(cost);
    }
    before = previous;
    previous = current;
  }
  return previous[other.length] as number;
}
