// Module hooks that load the compiled modules in dist/ instead of the sources in src/. tsx adds calls to closures and classes, to
// keep their names, which compiled packages do not have: some commands took twice the time.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const SOURCES = new URL('../../../src/', import.meta.url).href;
const COMPILED = new URL('../../../dist/', import.meta.url).href;

export async function resolve(specifier, context, nextResolve) {
  const resolved = await nextResolve(specifier, context);
  const [url] = resolved.url.split('?');
  if (!url.startsWith(SOURCES) || !url.endsWith('.ts')) return resolved;
  const compiled = url.replace(SOURCES, COMPILED).replace(/\.ts$/, '.js');
  if (!existsSync(fileURLToPath(compiled))) {
    throw new Error(`${fileURLToPath(compiled)} is missing: run node tools/build.mjs first`);
  }
  return { url: compiled, format: 'module', shortCircuit: true };
}
