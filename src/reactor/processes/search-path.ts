/** Finds the files that a name of a program may stand for. */
const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';

/**
 * The candidates in order, as execvp(3) has them: a name with a slash is a path.
 * @param env `NAME=value`. Without a `PATH`, that of this process is used.
 */
export function candidates(executable: string, env: readonly string[]): readonly string[] {
  if (executable.includes('/')) return [executable];
  const own = env.find((entry) => entry.startsWith('PATH='))?.slice('PATH='.length);
  const path = own ?? process.env.PATH ?? DEFAULT_PATH;
  return path.split(':').map((folder) => (folder === '' ? executable : `${folder}/${executable}`));
}
