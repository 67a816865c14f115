// node:http with an agent that keeps connections.
import { Agent, get as ask } from 'node:http';
import { clientArguments, obey } from './orders.mjs';

const args = clientArguments();
const agent = new Agent({ keepAlive: true });

function responseTo(url) {
  return new Promise((resolve, reject) => {
    ask(url, { agent }, resolve).on('error', reject);
  });
}

obey(args, {
  async get(text) {
    const response = await responseTo(args.url);
    const pieces = [];
    for await (const piece of response) pieces.push(piece);
    return Buffer.concat(pieces).toString() === text;
  },
  async download(download) {
    for await (const piece of await responseTo(args.url)) download.take(piece);
    return download.isRight;
  },
});
