// undici's lowest level, which its documentation recommends for libraries: `dispatch` of a pool, without streams.
import { Pool } from 'undici';
import { clientArguments, obey } from './orders.mjs';

const args = clientArguments();
const { origin, path } = args;
// Connections rest while other clients are measured.
const pool = new Pool(origin, { keepAliveTimeout: 3_600_000, keepAliveMaxTimeout: 3_600_000 });

/** @param take Receives each piece of the content. */
function dispatch(take) {
  return new Promise((resolve, reject) => {
    pool.dispatch(
      { method: 'GET', path },
      {
        onConnect() {},
        onHeaders() {
          return true;
        },
        onData(piece) {
          take(piece);
          return true;
        },
        onComplete: resolve,
        onError: reject,
      },
    );
  });
}

obey(args, {
  async get(text) {
    const pieces = [];
    await dispatch((piece) => pieces.push(piece));
    return Buffer.concat(pieces).toString() === text;
  },
  async download(download) {
    await dispatch((piece) => download.take(piece));
    return download.isRight;
  },
});
