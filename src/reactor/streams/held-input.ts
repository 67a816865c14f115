/**
 * Received data that a transport delivers later: it was paused before the delivery, or took the data over
 * along with a connection. Rare, so that a transport has no field for it.
 */
import type { SocketTransport } from '../../core/transport.js';

/** Bytes, or the number of a descriptor. */
export type Received = Buffer | number;

const inputs = new WeakMap<SocketTransport, Received[]>();

export function holdsInput(transport: SocketTransport): boolean {
  return inputs.has(transport);
}

export function holdInput(transport: SocketTransport, part: Received): void {
  const parts = inputs.get(transport);
  if (parts === undefined) inputs.set(transport, [part]);
  else parts.push(part);
}

/** To be delivered in front of everything else that is held. */
export function holdInputFirst(transport: SocketTransport, part: Received): void {
  const parts = inputs.get(transport);
  if (parts === undefined) inputs.set(transport, [part]);
  else parts.unshift(part);
}

/** Removes and returns the first held part; undefined, once, when all have been taken. */
export function nextHeldInput(transport: SocketTransport): Received | undefined {
  const part = inputs.get(transport)?.shift();
  if (part === undefined) inputs.delete(transport);
  return part;
}

/** Removes and returns all held parts. */
export function takeHeldInput(transport: SocketTransport): Received[] {
  const parts = inputs.get(transport) ?? [];
  inputs.delete(transport);
  return parts;
}

/** The number of held bytes; a descriptor counts as one. */
export function heldBytes(transport: SocketTransport): number {
  let bytes = 0;
  for (const part of inputs.get(transport) ?? [])
    bytes += typeof part === 'number' ? 1 : part.length;
  return bytes;
}
