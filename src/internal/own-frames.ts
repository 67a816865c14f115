/** Distinguishes the stack frames of a module's own folder from those of its callers. */

/**
 * @param moduleUrl `import.meta.url`, which is undefined in a bundle of CommonJS.
 * @param folder The name of the module's folder. In a bundle the module is in another folder, which it shares with other
 *   code: then no frame counts as its own.
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
