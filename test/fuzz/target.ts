/** A fuzz target, and what the checks of all have in common. */
import { deepStrictEqual } from 'node:assert/strict';
import type { Random } from '../protocols/http/differential/messages.js';
import { cut } from './mutations.js';

export interface Target {
  readonly seeds: readonly Buffer[];
  readonly words: readonly string[];
  /** @param random Decides about everything but the bytes. */
  check(bytes: Buffer, random: Random): void;
}

export function textOf(bytes: Buffer): string {
  return bytes.toString('latin1');
}

export function buffers(...texts: string[]): Buffer[] {
  return texts.map((text) => Buffer.from(text, 'latin1'));
}

/** The same result for each way of cutting the bytes. */
export function sameWhenCut<T>(bytes: Buffer, random: Random, read: (chunks: Buffer[]) => T): void {
  deepStrictEqual(read(cut(random, bytes)), read([Buffer.from(bytes)]));
}
