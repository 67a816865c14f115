/** The option `integrity` of `fetch` (https://www.w3.org/TR/SRI/): content that must have one of some hashes. */
import { createHash } from 'node:crypto';
import type { AgentResponse } from './agent-response.js';

/** The strongest last. */
const ALGORITHMS: readonly string[] = ['sha256', 'sha384', 'sha512'];
const HASH = /^(sha256|sha384|sha512)-([A-Za-z0-9+/_-]+={0,2})(?:\?.*)?$/;

/**
 * All content, at most 16 MiB, once it was compared. Hashes of unknown algorithms are ignored, as all but those of the strongest algorithm are.
 * @returns Rejected with a TypeError, or with the error of the content.
 */
export async function verifiedContent(
  response: AgentResponse,
  integrity: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await response.bytes();
  const hashes = integrity.split(/\s+/).flatMap((text) => {
    const [, algorithm = '', value = ''] = HASH.exec(text) ?? [];
    return algorithm === '' ? [] : [{ algorithm, value: inBase64(value) }];
  });
  const strongest = ALGORITHMS.findLast((name) =>
    hashes.some(({ algorithm }) => algorithm === name),
  );
  if (strongest !== undefined) {
    const digest = createHash(strongest).update(bytes).digest('base64');
    if (!hashes.some(({ algorithm, value }) => algorithm === strongest && value === digest)) {
      throw new TypeError('the content does not have the hash that the option integrity demands');
    }
  }
  return new Uint8Array(bytes);
}

/** The form of the hash, in which it is compared. */
function inBase64(hash: string): string {
  return Buffer.from(hash, 'base64').toString('base64');
}
