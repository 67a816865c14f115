/** Lists the files that may hold the addon, in order of preference. Opens none of them. */
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const NAME = 'ropewalk';

/** The C library that this process runs on; undefined off Linux. */
export type Libc = 'glibc' | 'musl' | undefined;

/**
 * `ROPEWALK_PREBUILD`, if set, and nothing else: a file, or a folder with the layout of the package. Otherwise, in the
 * package a local build (of the repository, then one below `native/` of an installed package), then the prebuild for
 * this platform.
 */
export function addonFiles(): string[] {
  const { ROPEWALK_PREBUILD: wanted = '' } = process.env;
  if (wanted.endsWith('.node')) return [resolve(wanted)];
  const root = wanted === '' ? packageRoot() : resolve(wanted);
  return root === undefined ? [] : filesIn(root);
}

/** Undefined in a bundle of CommonJS, which has no `import.meta.url`. */
export function packageRoot(): string | undefined {
  const url = import.meta.url as string | undefined;
  return url === undefined ? undefined : dirname(dirname(fileURLToPath(url)));
}

/** `linux-x64 (glibc)`. */
export function platformName(): string {
  const libc = libcOf();
  const platform = `${process.platform}-${process.arch}`;
  return libc === undefined ? platform : `${platform} (${libc})`;
}

function filesIn(root: string): string[] {
  const prebuilds = join(root, 'prebuilds', `${process.platform}-${process.arch}`);
  const libc = libcOf();
  const names = libc === undefined ? [`${NAME}.node`] : [`${NAME}.${libc}.node`, `${NAME}.node`];
  return [
    join(root, 'build', 'Release', `${NAME}.node`),
    join(root, 'native', 'build', 'Release', `${NAME}.node`),
    ...names.map((name) => join(prebuilds, name)),
  ];
}

let glibc: boolean | undefined;

/** An addon for the other C library may still load, and bring a second one into the process, so it is never tried. */
export function libcOf(): Libc {
  if (process.platform !== 'linux') return undefined;
  glibc ??= reportsGlibc();
  return glibc ? 'glibc' : 'musl';
}

/** Read from the process itself: distributions have no common file that names the C library. */
function reportsGlibc(): boolean {
  // @types/node lacks excludeNetwork in this version.
  const { report } = process as { report?: NodeJS.ProcessReport & { excludeNetwork?: boolean } };
  if (typeof report?.getReport !== 'function') return true;
  const { excludeNetwork = false } = report;
  report.excludeNetwork = true; // it would look up names
  const { header } = report.getReport() as { header?: { glibcVersionRuntime?: string } };
  report.excludeNetwork = excludeNetwork;
  return header?.glibcVersionRuntime !== undefined;
}
