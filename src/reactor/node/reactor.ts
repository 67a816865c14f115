/** The pure-JS reactor, over Node's own sockets. */
import { HostedReactor } from '../hosted-reactor.js';
import type { ReactorOptions } from '../reactor-options.js';
import { NODE_LOOP } from '../time/loop-host.js';
import { NodeBackend } from './backend.js';

export class NodeReactor extends HostedReactor<NodeBackend> {
  constructor(options: ReactorOptions = {}) {
    super(options, NODE_LOOP, (core) => new NodeBackend(core, options));
  }
}
