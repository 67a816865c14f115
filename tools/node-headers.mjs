// @ts-check
// Where Node's C headers are: beside the running Node, or nowhere. Nothing is downloaded.

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';

/** The root of the running Node's installation when it has the headers, else `undefined`. */
function nodeHeaders() {
  const prefix = join(dirname(process.execPath), '..');
  const headers = ['node_api.h', 'uv.h'].map((file) => join(prefix, 'include', 'node', file));
  return headers.every((file) => existsSync(file)) ? prefix : undefined;
}

export { nodeHeaders };
