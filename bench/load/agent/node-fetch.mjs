// The `fetch` of Node, whose connections rest for four seconds: a slice may begin by making new ones, before it is measured.
import { clientArguments, obey } from './orders.mjs';

const args = clientArguments();

obey(args, {
  async get(text) {
    const response = await fetch(args.url);
    return (await response.text()) === text;
  },
  async download(download) {
    const response = await fetch(args.url);
    for await (const piece of response.body) download.take(piece);
    return download.isRight;
  },
});
