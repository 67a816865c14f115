/** The reactor over the addon. */

import { HostedReactor } from '../hosted-reactor.js';
import type { ReactorOptions } from '../reactor-options.js';
import { NODE_LOOP } from '../time/loop-host.js';
import { NativeBackend } from './backend.js';
import type { NativeReactorOptions } from './options.js';

export class NativeReactor extends HostedReactor<NativeBackend> {
  /** @throws AddonNotLoadedError, UnsupportedError */
  constructor(options: ReactorOptions & NativeReactorOptions) {
    super(options, NODE_LOOP, (core) => new NativeBackend(core, options));
  }
}
