/** Options that servers of both protocols have. */
import type { Clock } from '../core/clock.js';
import { checkBoolean, checkClock, checkMilliseconds } from '../internal/check.js';
import type { OptionNames } from '../internal/options.js';
import { withIntrospection } from './introspection.js';
import { checkMethods, type RPCMethods } from './methods.js';
import type { RunSettings } from './run-method.js';

export interface RPCServerOptions {
  /** Time for one method in milliseconds; a longer one is cancelled, and answered with -32001. Default 30,000. */
  readonly timeoutMs?: number;
  /**
   * Whether callers may list the methods: `system.listMethods`, `system.methodHelp`, `system.methodSignature`, and for XML-RPC
   * `system.multicall`, which runs up to `maxBatch` calls one after another. Default false.
   */
  readonly introspection?: boolean;
}

/** @internal */
export const SERVER_NAMES: OptionNames<RPCServerOptions> = { timeoutMs: true, introspection: true };

const DEFAULT_TIMEOUT_MS = 30_000;

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function runSettings(
  clock: Clock,
  methods: RPCMethods,
  { timeoutMs = DEFAULT_TIMEOUT_MS, introspection = false }: RPCServerOptions,
): RunSettings {
  checkClock('clock', clock);
  checkMethods(methods);
  checkMilliseconds('timeoutMs', timeoutMs);
  checkBoolean('introspection', introspection);
  return { clock, methods: introspection ? withIntrospection(methods) : methods, timeoutMs };
}
