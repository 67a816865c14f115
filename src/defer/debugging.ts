/** Records where Deferreds were made and fired while debugging is on: two stack traces for each. */
import { checkBoolean } from '../internal/check.js';
import { ownFrames } from '../internal/own-frames.js';

interface Traces {
  readonly made: string;
  fired: string | undefined;
}

const traces: WeakMap<object, Traces> = new WeakMap();
const isOwn: (frame: string) => boolean = ownFrames(import.meta.url, 'defer');
let enabled = false;

/**
 * Whether Deferreds made from now on remember where they were made and fired. Default false: it is slow.
 * @throws InvalidArgumentTypeError
 */
export function setDebugging(on: boolean): void {
  enabled = checkBoolean('on', on);
}

export function getDebugging(): boolean {
  return enabled;
}

/** @internal */
export function noteMade(deferred: object): void {
  traces.set(deferred, { made: traceHere(), fired: undefined });
}

/** @internal */
export function noteFired(deferred: object): void {
  const known = traces.get(deferred);
  if (known !== undefined) known.fired = traceHere();
}

/** @internal */
export function historyOf(deferred: object): string | undefined {
  const known = traces.get(deferred);
  if (known === undefined) return undefined;
  const fired = known.fired === undefined ? '' : `\nfired at:\n${known.fired}`;
  return `made at:\n${known.made}${fired}`;
}

/** The caller's frames, from the first outside of this folder. */
function traceHere(): string {
  const frames = String(new Error().stack).split('\n').slice(1);
  return frames.filter((frame) => !isOwn(frame)).join('\n');
}
