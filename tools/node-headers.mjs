// @ts-check
// Finds Node's C headers beside the running Node. Downloads nothing.

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';

/** The root of the running Node's installation if it includes the headers, otherwise `undefined`. */
function nodeHeaders() {
  const prefix = join(dirname(process.execPath), '..');
  const headers = ['node_api.h', 'uv.h'].map((file) => join(prefix, 'include', 'node', file));
  return headers.every((file) => existsSync(file)) ? prefix : undefined;
}

export { nodeHeaders };
