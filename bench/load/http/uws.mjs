// uWebSockets.js as in its documentation. It sends no Date by itself.
import { createRequire } from 'node:module';

import { announce, readArguments } from '../contender.mjs';
import { HELLO, nameIn } from './service.mjs';

const { port } = readArguments();
const uws = createRequire(new URL('../../.peers/package.json', import.meta.url))(
  '@trufflesuite/uws-js-unofficial',
);
let date = new Date().toUTCString();
setInterval(() => {
  date = new Date().toUTCString();
}, 1_000).unref();

function answer(response, text) {
  response.writeHeader('Content-Type', 'text/plain').writeHeader('Date', date).end(text);
}

uws
  .App()
  .get('/', (response) => answer(response, HELLO))
  .post('/', (response) => {
    let parts = '';
    response.onAborted(() => {});
    response.onData((part, isLast) => {
      parts += Buffer.from(part).toString();
      if (isLast) response.cork(() => answer(response, nameIn(parts)));
    });
  })
  .listen('127.0.0.1', port, (socket) => {
    announce(uws.us_socket_local_port(socket), () => process.exit(0));
  });
