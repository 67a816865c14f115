/** Where compile-programs.ts leaves the JavaScript of a program. */
const ROOT = new URL('../..', import.meta.url);

export const COMPILED: URL = new URL('build-tests/', ROOT);

/** What is run in the place of a TypeScript program; the program itself where it was not compiled. */
export function compiled(program: URL): URL {
  const path = program.href.startsWith(ROOT.href) ? program.href.slice(ROOT.href.length) : '';
  return /^(test|examples)\/.*\.ts$/.test(path)
    ? new URL(path.replace(/\.ts$/, '.js'), COMPILED)
    : program;
}
