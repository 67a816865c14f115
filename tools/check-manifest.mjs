// @ts-check
// Refuses to publish a package.json whose owner fields are still placeholders. Run by prepublishOnly.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';

const OWNER_FIELDS = ['author', 'homepage', 'repository', 'bugs'];
const PLACEHOLDER = /\bOWNER\b|\.invalid\b/;

/**
 * The owner fields that are missing or still placeholders.
 *
 * @param {Record<string, unknown>} manifest
 * @returns {string[]}
 */
function placeholdersOf(manifest) {
  return OWNER_FIELDS.filter((field) => {
    const text = JSON.stringify(manifest[field]);
    return text === undefined || PLACEHOLDER.test(text);
  });
}

function main() {
  const path = join(dirname(fileURLToPath(import.meta.url)), '..', 'package.json');
  const fields = placeholdersOf(JSON.parse(readFileSync(path, 'utf8')));
  if (fields.length === 0) return;
  console.error(
    `package.json can't be published: ${fields.join(', ')} must name the owner instead of a placeholder (OWNER, example.invalid)`,
  );
  process.exitCode = 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();

export { placeholdersOf };
