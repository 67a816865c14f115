/** Patterns of file names. */

const SPECIAL = /[.+^${}()|[\]\\]/g;

/** `*`, `?` and `**`: see `IgnoreRule`. The pattern matches whole texts with `/` as separator. */
export function globPattern(glob: string): RegExp {
  const source = glob.split(/(\*\*\/|\*\*|\*|\?)/).map((part) => {
    if (part === '**/') return '(?:.*/)?';
    if (part === '**') return '.*';
    if (part === '*') return '[^/]*';
    return part === '?' ? '[^/]' : part.replace(SPECIAL, '\\$&');
  });
  return new RegExp(`^${source.join('')}$`, 's');
}
