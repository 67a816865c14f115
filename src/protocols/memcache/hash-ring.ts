/**
 * Consistent hashing as libmemcached does it with `MEMCACHED_BEHAVIOR_KETAMA_WEIGHTED`: each server has about 160 points on a
 * circle of 2^32, from MD5 of its name; a key belongs to the first point at its own hash or behind it. A server more or less
 * moves only the keys of its own points. The tests compare with vectors of libmemcached 1.1.
 */
import { createHash } from 'node:crypto';

/** A server of the ring. */
export interface RingServer {
  /** `host:port`. Port 11211 is left out of the hash, as in libmemcached. */
  readonly name: string;
  /** Its share of the keys, in relation to the other weights. */
  readonly weight: number;
}

const POINTS_PER_SERVER = 160;
const POINTS_PER_HASH = 4;
const DEFAULT_PORT = ':11211';

/** A circle of points. */
export class HashRing {
  /** In ascending order. */
  readonly #points: Uint32Array;
  /** The server of each point. */
  readonly #owners: Uint32Array;
  readonly #servers: number;

  /** @param servers One or more. */
  constructor(servers: readonly RingServer[]) {
    const points = servers.flatMap((server, index) =>
      pointsOf(server, shareOf(server, servers)).map((point) => ({ point, index })),
    );
    points.sort((a, b) => a.point - b.point);
    this.#points = Uint32Array.from(points, ({ point }) => point);
    this.#owners = Uint32Array.from(points, ({ index }) => index);
    this.#servers = servers.length;
  }

  /** The index of the server that a key belongs to. */
  serverOf(key: string | Uint8Array): number {
    return this.#servers === 1 ? 0 : (this.#owners[this.#placeOf(key)] as number);
  }

  /** The indices of all servers with points, in the order in which they take over a key. */
  *serversOf(key: string | Uint8Array): Generator<number> {
    const owners = this.#owners;
    const seen = new Set<number>();
    const start = this.#servers === 1 ? 0 : this.#placeOf(key);
    for (let i = 0; i < owners.length && seen.size < this.#servers; i++) {
      const owner = owners[(start + i) % owners.length] as number;
      if (seen.has(owner)) continue;
      seen.add(owner);
      yield owner;
    }
  }

  #placeOf(key: string | Uint8Array): number {
    const hash = md5(key).readUInt32LE(0);
    const points = this.#points;
    let left = 0;
    let right = points.length;
    while (left < right) {
      const middle = (left + right) >>> 1;
      if ((points[middle] as number) < hash) left = middle + 1;
      else right = middle;
    }
    return left === points.length ? 0 : left;
  }
}

/** The number of hashes of a server. libmemcached computes it with floats of 32 bits. */
function shareOf({ weight }: RingServer, servers: readonly RingServer[]): number {
  const { fround } = Math;
  const total = servers.reduce((sum, other) => sum + other.weight, 0);
  const part = fround(fround(weight) / fround(total));
  const points = fround(fround(part * POINTS_PER_SERVER) / POINTS_PER_HASH);
  return Math.max(1, Math.floor(fround(fround(points * servers.length) + fround(1e-10))));
}

function pointsOf({ name }: RingServer, hashes: number): number[] {
  const host = name.endsWith(DEFAULT_PORT) ? name.slice(0, -DEFAULT_PORT.length) : name;
  const points: number[] = [];
  for (let i = 0; i < hashes; i++) {
    const digest = md5(`${host}-${i}`);
    for (let at = 0; at < POINTS_PER_HASH * 4; at += 4) points.push(digest.readUInt32LE(at));
  }
  return points;
}

function md5(bytes: string | Uint8Array): Buffer {
  return createHash('md5').update(bytes).digest();
}
