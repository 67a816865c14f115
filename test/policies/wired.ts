/** Connections of a factory over memory transports: what a listening port does, without one. */
import { afterEach, expect } from 'vitest';
import { type Address, IPv4Address } from '../../src/core/address.js';
import { type FactoryLike, toFactory } from '../../src/core/factory.js';
import type { StreamProtocol } from '../../src/core/stream-protocol.js';
import {
  MemoryTransport,
  type MemoryTransportOptions,
} from '../../src/testing/memory-transport.js';
import { type Recorder, RecordingFactory, takeViolations } from '../support/recorder.js';

export interface Wired {
  /** What the factory built. */
  readonly protocol: StreamProtocol;
  readonly transport: MemoryTransport;
}

export const PEER: Address = new IPv4Address('TCP', '192.0.2.2', 40_000);

/** A connection that `factory` accepts from `peer`. */
export function accept(factory: FactoryLike, options: MemoryTransportOptions = {}): Wired {
  const wired = offer(factory, options);
  if (wired === null) throw new Error('the factory refused the connection');
  return wired;
}

/** The same, or null where the factory refuses. */
export function offer(factory: FactoryLike, options: MemoryTransportOptions = {}): Wired | null {
  const peer = options.peer ?? PEER;
  const protocol = toFactory(factory).buildProtocol(peer);
  if (protocol === null) return null;
  const transport = new MemoryTransport({ ...options, peer });
  transport.connect(protocol);
  return { protocol, transport };
}

/** A factory that builds this one protocol. */
export function only<P extends StreamProtocol = Recorder>(protocol: P): RecordingFactory<P> {
  return new RecordingFactory(() => protocol);
}

/** Fails each test of a file in which a {@link Recorder} saw a rule broken. */
export function checkRules(): void {
  afterEach(() => {
    expect(takeViolations(), 'rules broken').toEqual([]);
  });
}
