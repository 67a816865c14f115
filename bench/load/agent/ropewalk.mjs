// Ropewalk's agent with its defaults. `--reactor native|node`.
import { Agent } from '../../../dist/http/index.js';
import { createReactor } from '../../../dist/index.js';
import { clientArguments, obey } from './orders.mjs';

const args = clientArguments({ reactor: { type: 'string', default: 'native' } });
const reactor = createReactor({ kind: args.reactor });
// Connections rest while other clients are measured.
const agent = new Agent(reactor, { idleTimeoutMs: 3_600_000 });

const requests = {
  async get(text) {
    return (await agent.get(args.url).text()) === text;
  },
  async download(download) {
    for await (const piece of await agent.get(args.url)) download.take(piece);
    return download.isRight;
  },
};

obey(args, requests, () => reactor.stop());
await reactor.run();
process.exit(0);
