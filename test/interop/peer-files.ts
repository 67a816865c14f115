/** Files that peer programs read, and which of the programs are installed. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MadeCertificate } from '../support/certificates.js';
import { hasProgram } from '../support/peers.js';

export const HOST = '127.0.0.1';

/** A folder of files for programs. */
export class PeerFiles {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'ropewalk-'));

  path(name: string): string {
    return join(this.folder, name);
  }

  /** @returns The path of the new file. */
  write(name: string, content: string | Uint8Array): string {
    const path = this.path(name);
    writeFileSync(path, content);
    return path;
  }

  /** @returns The path of a file with the certificate and its key. */
  identity(name: string, { certificate, key }: MadeCertificate): string {
    return this.write(`${name}.pem`, `${certificate}\n${key}`);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** Whether all the programs and files are installed. The missing ones are named aloud. */
export function havePrograms(...names: string[]): boolean {
  const missing = names.filter((name) =>
    name.startsWith('/') ? !existsSync(name) : !hasProgram(name),
  );
  for (const name of missing) console.warn(`skipped: there is no ${name} here`);
  return missing.length === 0;
}
