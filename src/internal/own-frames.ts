/** Tells the lines of a stack that are a module's own folder's from those of its callers. */

/**
 * @param moduleUrl `import.meta.url`, which is undefined in a bundle of CommonJS.
 * @param folder The name of the module's folder. In a bundle it has another one, which it shares with everybody: no line
 *   is its own there.
 */
export function ownFrames(
  moduleUrl: string | undefined,
  folder: string,
): (frame: string) => boolean {
  const here = moduleUrl === undefined ? undefined : new URL('.', moduleUrl);
  if (here === undefined || !here.pathname.endsWith(`/${folder}/`)) return () => false;
  const { href, pathname } = here;
  return (frame) => frame.includes(href) || frame.includes(pathname);
}
