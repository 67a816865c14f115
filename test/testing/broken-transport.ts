/** Transports that are broken on purpose: which case of the transport contract fails over them? */
import { describe, expect, it } from 'vitest';
import type { StreamProtocol, Transport } from '../../src/index.js';
import type { ContractCase } from '../../src/testing/contracts/contract-case.js';
import type { MakePair } from '../../src/testing/contracts/transport/scene.js';
import { transportContract } from '../../src/testing/contracts/transport/transport-contract.js';
import { outcome } from './contract-outcome.js';
import { simulatedPairs } from './simulated-stage.js';

/** The changes of a broken transport. */
export interface TransportMutation {
  /** Methods of the transport to replace. */
  transport?(original: Transport, protocol: StreamProtocol, peer: StreamProtocol): object;
  /** Callbacks of the protocol to replace. */
  protocol?(original: StreamProtocol): Partial<StreamProtocol>;
}

/** A protocol between the given one and its transport, which makes the changes. */
function mutated(
  protocol: StreamProtocol,
  peer: StreamProtocol,
  mutation: TransportMutation,
): StreamProtocol {
  const shim: StreamProtocol = {
    get acceptsLentBytes() {
      return protocol.acceptsLentBytes === true;
    },
    makeConnection(transport) {
      const replaced = mutation.transport?.(transport, protocol, peer) ?? {};
      const broken = new Proxy(transport, {
        get(target, key) {
          if (key in replaced) return Reflect.get(replaced, key, replaced);
          const value: unknown = Reflect.get(target, key, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
      protocol.makeConnection(broken);
    },
    dataReceived: (data) => protocol.dataReceived(data),
    connectionLost: (reason) => protocol.connectionLost(reason),
  };
  for (const side of ['readConnectionLost', 'writeConnectionLost'] as const) {
    const callback = protocol[side];
    if (callback !== undefined) shim[side] = () => callback.call(protocol);
  }
  return Object.defineProperties(
    shim,
    Object.getOwnPropertyDescriptors(mutation.protocol?.(protocol) ?? {}),
  );
}

export const makePair: MakePair = simulatedPairs({});
const OPTIONS = { overflowBytes: 1_000_000, poisonsLentBytes: true };
export const healthy: readonly ContractCase[] = transportContract(makePair, OPTIONS);

/** The contract over pairs whose client's end is broken. */
export function contractOver(mutation: TransportMutation): ContractCase[] {
  const makeBroken: MakePair = (client, server) =>
    makePair(mutated(client, server, mutation), mutated(server, client, {}));
  return transportContract(makeBroken, OPTIONS);
}

export type BrokenTransport = readonly [
  what: string,
  mutation: TransportMutation,
  noticedBy: string,
];

/** Each case named by `broken` passes over sound transports, and fails over the broken one. */
export function describeBrokenTransports(broken: readonly BrokenTransport[]): void {
  it.each([...new Set(broken.map(([, , noticedBy]) => noticedBy))])('passes: %s', async (name) => {
    expect(await outcome(healthy, name)).toBe('passed');
  });

  describe('over a transport that', () => {
    it.each(broken)('%s', async (_what, mutation, noticedBy) => {
      expect(await outcome(contractOver(mutation), noticedBy)).not.toBe('passed');
    });
  });
}
