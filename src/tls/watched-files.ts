/** Notices that files have changed, by asking the system at intervals: this also works for links and network file systems. */
import { statSync } from 'node:fs';

/** The state of files as text, which changes when one of them is written, replaced or removed. */
export function stampOf(files: readonly string[]): string {
  return files.map(stampOfFile).join('\n');
}

function stampOfFile(file: string): string {
  try {
    const { mtimeMs, size, ino, dev } = statSync(file);
    return `${file} ${mtimeMs} ${size} ${dev}:${ino}`;
  } catch {
    return `${file} missing`;
  }
}
