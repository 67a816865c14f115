/** The reactor over the addon. */

import { HostedReactor } from '../hosted-reactor.js';
import type { PollerChoice } from '../poller-choice.js';
import type { ReactorOptions } from '../reactor-options.js';
import { NODE_LOOP } from '../time/loop-host.js';
import { NativeBackend } from './backend.js';

export interface NativeReactorOptions {
  /** The source of readiness. Default `auto`: the best that the platform has. */
  readonly poller?: PollerChoice;
  /**
   * Polls again for this many microseconds after each turn before Node's loop continues. Trades a busy core for
   * latency: a ping-pong over one connection takes a fifth of the time with 50. Default 0.
   */
  readonly busyPollUs?: number;
}

export class NativeReactor extends HostedReactor<NativeBackend> {
  /** @throws AddonNotLoadedError, UnsupportedError */
  constructor(options: ReactorOptions & NativeReactorOptions) {
    super(options, NODE_LOOP, (core) => new NativeBackend(core, options));
  }
}
