import { describe, expect, it } from 'vitest';
import { type Address, IPv4Address, IPv6Address, UNIXAddress } from '../../src/core/address.js';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
  UnknownOptionError,
} from '../../src/core/errors/arguments.js';
import { BucketFilter } from '../../src/policies/bucket-filter.js';
import { type Rate, TokenBucket } from '../../src/policies/token-bucket.js';
import { ManualClock } from '../../src/testing/manual-clock.js';

const RATE: Rate = { bytesPerSecond: 1_000, burstBytes: 100 };

/** The peer with a number of its own. */
function peer(number: number): Address {
  return new IPv4Address('TCP', `10.0.${number >> 8}.${number & 255}`, 40_000);
}

/** Asks for the buckets of so many peers nobody has asked for before. */
function ask(filter: BucketFilter, count: number, from = 1_000): void {
  for (let i = 0; i < count; i++) filter.bucketFor(peer(from + i));
}

describe('BucketFilter', () => {
  it('has a bucket for each peer: an IPv4 address, an IPv6 network, all UNIX peers', () => {
    const filter = new BucketFilter({ clock: new ManualClock(), ...RATE });
    const bucket = (address: Address): TokenBucket => filter.bucketFor(address);
    const first = bucket(peer(1));
    expect(first).toMatchObject({ bytesPerSecond: 1_000, burstBytes: 100, parent: undefined });
    expect(bucket(new IPv4Address('TCP', '10.0.0.1', 40_001))).toBe(first);
    expect(bucket(peer(2))).not.toBe(first);
    const network = bucket(new IPv6Address('TCP', '2001:db8::1', 1));
    expect(bucket(new IPv6Address('TCP', '2001:db8::ffff:2', 1))).toBe(network);
    expect(bucket(new IPv6Address('TCP', '2001:db8:0:1::1', 1))).not.toBe(network);
    expect(bucket(new UNIXAddress('/one'))).toBe(bucket(new UNIXAddress('')));
    expect(filter.size).toBe(5);
  });

  it('has a bucket for each key of its own', () => {
    const keyOf = (address: Address): boolean => address.type === 'UNIX';
    const filter = new BucketFilter({ clock: new ManualClock(), ...RATE, keyOf });
    expect(filter.bucketFor(peer(1))).toBe(filter.bucketFor(peer(2)));
    expect(filter.bucketFor(new UNIXAddress('/one'))).not.toBe(filter.bucketFor(peer(2)));
    expect(filter.size).toBe(2);
  });

  it('takes tokens of the bucket above too', () => {
    const clock = new ManualClock();
    const parent = new TokenBucket({ clock, bytesPerSecond: 1_000, burstBytes: 150 });
    const filter = new BucketFilter({ clock, ...RATE, parent });
    expect([1, 2].map((number) => filter.bucketFor(peer(number)).take(1_000))).toEqual([100, 50]);
    expect(parent.availableBytes).toBe(0);
  });

  it('takes tokens of the buckets that another filter has above its own', () => {
    const clock = new ManualClock();
    const all = new TokenBucket({ clock, bytesPerSecond: 1_000, burstBytes: 320 });
    const networks = new BucketFilter({
      ...{ clock, bytesPerSecond: 1_000, burstBytes: 150, parent: all },
      keyOf: (address) => 'host' in address && address.host.split('.')[2],
    });
    const peers = new BucketFilter({ clock, ...RATE, parent: networks });
    const took = [1, 2, 256, 257, 512].map((number) => peers.bucketFor(peer(number)).take(1_000));
    expect(took).toEqual([100, 50, 100, 50, 20]);
    expect([peers.size, networks.size, peers.parent, networks.parent]).toEqual([
      5,
      3,
      networks,
      all,
    ]);
  });

  it('forgets buckets that are full, and no others', () => {
    const clock = new ManualClock();
    const filter = new BucketFilter({ clock, ...RATE });
    const [used, drained] = [filter.bucketFor(peer(1)), filter.bucketFor(peer(2))];
    used.join();
    drained.take(100);
    ask(filter, 10_000);
    expect(filter.size).toBeLessThanOrEqual(64);
    expect([filter.bucketFor(peer(1)), filter.bucketFor(peer(2))]).toEqual([used, drained]);
    expect(filter.bucketFor(peer(2))).toBe(drained);
    clock.advance(100);
    used.leave();
    ask(filter, 10_000);
    expect(filter.bucketFor(peer(1))).not.toBe(used);
    expect(filter.bucketFor(peer(2))).not.toBe(drained);
  });

  it('keeps all that are in use, however many', () => {
    const filter = new BucketFilter({ clock: new ManualClock(), ...RATE });
    const buckets = Array.from({ length: 1_000 }, (_, i) => filter.bucketFor(peer(i)));
    expect(filter.size).toBeLessThanOrEqual(64);
    for (const [i] of buckets.entries()) filter.bucketFor(peer(i)).join();
    ask(filter, 10_000);
    const kept = buckets.map((_, i) => filter.bucketFor(peer(i)));
    expect(kept.every((bucket) => bucket.users === 1)).toBe(true);
    expect(filter.size).toBeLessThanOrEqual(2_000);
  });

  it('forgets no bucket above one that it keeps', () => {
    const clock = new ManualClock();
    const networks = new BucketFilter({
      ...{ clock, bytesPerSecond: 1_000_000, burstBytes: 150 },
      keyOf: (address) => (address as IPv4Address).host.split('.')[2],
    });
    const slow = { bytesPerSecond: 1, burstBytes: 100 };
    const peers = new BucketFilter({ clock, ...slow, parent: networks });
    const first = peers.bucketFor(peer(1));
    first.take(100);
    clock.advance(1);
    for (let network = 1; network < 1_000; network++) networks.bucketFor(peer(network << 8));
    const second = peers.bucketFor(peer(2));
    expect(second.parent).toBe(first.parent);
    // Forgotten with the last bucket below.
    clock.advance(1_000_000);
    ask(peers, 200, 60_000);
    ask(networks, 200, 1 << 16);
    for (let network = 1; network < 1_000; network++) networks.bucketFor(peer(network << 8));
    expect(networks.bucketFor(peer(1))).not.toBe(first.parent);
  });

  it('refuses impossible options when it is made', () => {
    const make = (options: object) => (): BucketFilter =>
      new BucketFilter({ clock: new ManualClock(), ...RATE, ...options });
    expect(make({ bytesPerSecond: 0 })).toThrow(InvalidArgumentValueError);
    expect(make({ clock: {} })).toThrow(InvalidArgumentTypeError);
    expect(make({ parent: {} })).toThrow(InvalidArgumentTypeError);
    expect(make({ keyOf: 'host' })).toThrow(InvalidArgumentTypeError);
    expect(make({ key: () => 1 })).toThrow(UnknownOptionError);
  });
});
