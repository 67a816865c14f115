// @ts-check
// The hook of compiled-threads.mjs. What a file imports stands beside it, compiled too.

const ROOT = new URL('../..', import.meta.url).href;
const COMPILED = { src: 'dist', test: 'build-tests/test', examples: 'build-tests/examples' };

/** @type {import('node:module').ResolveHook} */
export async function resolve(specifier, context, nextResolve) {
  if (!specifier.startsWith(ROOT) || !specifier.endsWith('.ts')) {
    return nextResolve(specifier, context);
  }
  const path = specifier.slice(ROOT.length, -'.ts'.length);
  const folder = path.slice(0, path.indexOf('/'));
  const made = Object.entries(COMPILED).find(([name]) => name === folder)?.[1] ?? folder;
  return nextResolve(`${ROOT}${made}${path.slice(folder.length)}.js`, context);
}
