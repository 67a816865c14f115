/** Programs in TypeScript. */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

import { UsageError } from './usage-error.js';

/**
 * Makes sure that a file can be loaded if it is TypeScript: Node runs it from 22.18 on; before, tsx does if the project has it.
 * @param path Absolute.
 * @param shown For messages.
 * @throws UsageError
 */
export async function prepareTypeScript(path: string, shown: string = path): Promise<void> {
  const { typescript } = process.features as { readonly typescript?: unknown };
  if (typescript || !/\.[cm]?ts$/.test(path)) return;
  let tsx: string;
  try {
    tsx = createRequire(path).resolve('tsx/esm');
  } catch {
    throw new UsageError(
      `${shown} is TypeScript, which Node ${process.version} does not run: use Node 22.18 or later, ` +
        'install tsx in its project (npm install --save-dev tsx), or compile it',
    );
  }
  // It registers itself.
  await import(pathToFileURL(tsx).href);
}
