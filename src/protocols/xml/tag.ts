/** Reads the text of one whole tag. */
import { isNCName, SPACE } from './characters.js';
import { InvalidXMLError, XMLLimitError } from './errors.js';
import type { XMLAttribute, XMLName } from './events.js';
import type { ResolvedOptions } from './limits.js';
import { namespaceOf, Scope, whyUndeclarable, XMLNS_NAMESPACE } from './namespaces.js';
import { replaceReferences } from './references.js';

/** A name before its prefix is resolved. */
export interface QName {
  readonly prefix: string;
  readonly local: string;
}

/** An element that begins. */
export interface Tag {
  readonly name: XMLName;
  readonly attributes: readonly XMLAttribute[];
  /** The declarations that apply inside it. */
  readonly scope: Scope | undefined;
}

const NAME = /[^\t\n\r "&'/<=>]+/y;
const ATTRIBUTE = /[\t\n\r ]+([^\t\n\r "&'/<=>]+)[\t\n\r ]*=[\t\n\r ]*(?:"([^"<]*)"|'([^'<]*)')/y;
const WHITESPACE = /[\t\n\r]/g;
const NO_ATTRIBUTES: readonly XMLAttribute[] = [];
/** Names that are remembered, because checking one takes longer than finding it. */
const MAX_KNOWN_NAMES = 256;

export class TagReader {
  readonly #options: ResolvedOptions;
  readonly #known = new Map<string, QName>();

  constructor(options: ResolvedOptions) {
    this.#options = options;
  }

  /**
   * @param text Of a start tag, without `<`, `/>` and `>`.
   * @param outer The declarations that apply around it.
   * @throws InvalidXMLError, XMLLimitError
   */
  read(text: string, outer: Scope | undefined, offset: number): Tag {
    NAME.lastIndex = 0;
    const name = NAME.exec(text)?.[0];
    if (name === undefined) throw new InvalidXMLError('a tag has no name', offset);
    const qualified = this.#qualified(name, offset);
    if (name.length === text.length) {
      return {
        name: resolved(name, qualified, outer, offset),
        attributes: NO_ATTRIBUTES,
        scope: outer,
      };
    }
    const pairs = this.#pairs(text, name.length, offset);
    const scope = this.#declared(pairs, outer, offset);
    return {
      name: resolved(name, qualified, scope, offset),
      attributes: this.#attributes(pairs, scope, offset),
      scope,
    };
  }

  #pairs(text: string, from: number, offset: number): (readonly [name: string, value: string])[] {
    const { maxAttributes } = this.#options;
    const pairs: (readonly [string, string])[] = [];
    let at = from;
    for (;;) {
      ATTRIBUTE.lastIndex = at;
      const match = ATTRIBUTE.exec(text);
      if (match === null) break;
      const [all, name = '', double, single] = match;
      if (pairs.length >= maxAttributes) {
        throw new XMLLimitError('maxAttributes', maxAttributes, offset);
      }
      pairs.push([name, attributeValue(double ?? single ?? '', offset)]);
      at += all.length;
    }
    if (SPACE.test(text.slice(at))) return pairs;
    throw new InvalidXMLError('a tag has a malformed attribute', offset);
  }

  /** Adds the declarations of a tag to those around it. */
  #declared(
    pairs: readonly (readonly [name: string, value: string])[],
    outer: Scope | undefined,
    offset: number,
  ): Scope | undefined {
    const { maxNamespaces } = this.#options;
    let scope = outer;
    for (const [name, value] of pairs) {
      if (name !== 'xmlns' && !name.startsWith('xmlns:')) continue;
      const prefix = name.slice('xmlns:'.length);
      const why = whyUndeclarable(prefix, value);
      if (why !== undefined) throw new InvalidXMLError(why, offset);
      scope = new Scope(prefix, value, scope);
      if (scope.size > maxNamespaces) {
        throw new XMLLimitError('maxNamespaces', maxNamespaces, offset);
      }
    }
    return scope;
  }

  #attributes(
    pairs: readonly (readonly [name: string, value: string])[],
    scope: Scope | undefined,
    offset: number,
  ): readonly XMLAttribute[] {
    const seen = new Set<string>();
    return pairs.map(([name, value]) => {
      const { prefix, local } = this.#qualified(name, offset);
      const namespace = attributeNamespace(name, prefix, scope);
      if (namespace === undefined) throw undeclared(prefix, offset);
      // A namespace can contain any character but a name no space.
      const key = `${local} ${namespace}`;
      if (seen.has(key)) throw new InvalidXMLError(`the attribute ${name} is repeated`, offset);
      seen.add(key);
      return { name, prefix, local, namespace, value };
    });
  }

  #qualified(name: string, offset: number): QName {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const colon = name.indexOf(':');
    const prefix = colon === -1 ? '' : name.slice(0, colon);
    const local = name.slice(colon + 1);
    if (!isNCName(local) || (colon !== -1 && !isNCName(prefix))) {
      throw new InvalidXMLError('a name is malformed', offset);
    }
    const qualified = { prefix, local };
    if (this.#known.size < MAX_KNOWN_NAMES) this.#known.set(name, qualified);
    return qualified;
  }
}

function resolved(
  name: string,
  { prefix, local }: QName,
  scope: Scope | undefined,
  offset: number,
): XMLName {
  const namespace = prefix === 'xmlns' ? undefined : namespaceOf(prefix, scope);
  if (namespace === undefined) throw undeclared(prefix, offset);
  return { name, prefix, local, namespace };
}

function attributeNamespace(
  name: string,
  prefix: string,
  scope: Scope | undefined,
): string | undefined {
  if (prefix === 'xmlns' || name === 'xmlns') return XMLNS_NAMESPACE;
  return prefix === '' ? '' : namespaceOf(prefix, scope);
}

function undeclared(prefix: string, offset: number): InvalidXMLError {
  return new InvalidXMLError(`the prefix ${prefix} is not declared`, offset);
}

/** XML 1.0 section 3.3.3: whitespace becomes spaces, unless it is written as a reference. */
function attributeValue(text: string, offset: number): string {
  const spaced = text.replace(/\r\n/g, '\n').replace(WHITESPACE, ' ');
  if (!spaced.includes('&')) return spaced;
  const value = replaceReferences(spaced);
  if (value !== undefined) return value;
  throw new InvalidXMLError('an attribute contains an undefined reference', offset);
}
