/**
 * Random programs whose effects do not depend on timing: those of life-program.ts without everything that does. The time at
 * which bytes, connections and delayed calls arrive differs legally between reactors.
 */
import type fc from 'fast-check';
import { type Action, type Hook, type Program, programs, type Step } from './life-program.js';

/** A delay that does not pass. */
const HOUR_MS = 3_600_000;
const SMALL_BYTES = 1_000;

/** Hooks that the reactor calls by itself, at any time and for several connections in any order. */
const NETWORK: readonly Hook[] = [
  'connectionMade',
  'dataReceived',
  'connectionLost',
  'clientConnectionFailed',
  'clientConnectionLost',
  'stopFactory',
  'stopProtocol',
];

/** Actions that have the same effect at any time. */
const ANYWHERE: readonly Action['do'][] = ['listen', 'trigger', 'throw', 'callLater', 'deferLater'];

/** Of real or virtual time; of a paused connection, whose end is noticed sooner or later; of descriptors. */
const TIMED: readonly Action['do'][] = [
  'looping',
  'timeout',
  'cooperate',
  'idle',
  'bucket',
  'pause',
  'resume',
  'reader',
];

/** Most actions need connections. */
const CONNECTIONS: readonly Step[] = [
  { do: 'listen', kind: 'tcp' } as const,
  { do: 'connect', to: 'port', at: 0, again: 'never' } as const,
  { do: 'connect', to: 'port', at: 0, again: 'lost' } as const,
].map((action) => ({ action, inside: undefined, turns: 0 }));

export const settledPrograms: fc.Arbitrary<Program> = programs.map((program) =>
  program.map(({ idle, steps, end, turns }) => ({
    idle: [...CONNECTIONS, ...settled(idle)],
    steps: settled(steps),
    end: end === 'stop, then crash' ? 'crash' : end,
    turns,
  })),
);

function settled(steps: readonly Step[]): Step[] {
  return steps.filter(isSettled).map(({ action, inside }) => ({
    action: settledAction(action, inside !== undefined),
    inside,
    turns: 0,
  }));
}

function isSettled({ action, inside }: Step): boolean {
  if (TIMED.includes(action.do)) return false;
  if (inside === undefined) return true;
  if (ANYWHERE.includes(action.do)) return true;
  if (NETWORK.includes(inside)) return false;
  return inside !== 'trigger' || action.do === 'stop' || action.do === 'crash';
}

function settledAction(action: Action, armed: boolean): Action {
  switch (action.do) {
    case 'write':
      return { ...action, size: Math.min(action.size, SMALL_BYTES) };
    case 'callLater':
    case 'deferLater':
      return { ...action, ms: armed || action.ms > 0 ? HOUR_MS : 0 };
    case 'connect':
      // Only attempts that fail at the stop try again: others would try again and again.
      if (action.to === 'name') return { ...action, again: 'failed' };
      return { ...action, again: action.again === 'lost' ? 'lost' : 'never' };
    case 'trigger':
      return { ...action, ms: Math.min(action.ms, 1) };
    default:
      return action;
  }
}
