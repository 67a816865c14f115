// undici's `request` with an agent that makes as many connections as there are requests.
import { Agent, request } from 'undici';
import { clientArguments, obey } from './orders.mjs';

const args = clientArguments();
// Connections rest while other clients are measured.
const dispatcher = new Agent({ keepAliveTimeout: 3_600_000, keepAliveMaxTimeout: 3_600_000 });

obey(args, {
  async get(text) {
    const { body } = await request(args.url, { dispatcher });
    return (await body.text()) === text;
  },
  async download(download) {
    const { body } = await request(args.url, { dispatcher });
    for await (const piece of body) download.take(piece);
    return download.isRight;
  },
});
