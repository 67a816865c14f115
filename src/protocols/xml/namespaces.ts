/** The declarations of namespaces that apply to an element (Namespaces in XML 1.0 section 6). */

export const XML_NAMESPACE = 'http://www.w3.org/XML/1998/namespace';
export const XMLNS_NAMESPACE = 'http://www.w3.org/2000/xmlns/';

/** A declaration, and those of the elements around it. */
export class Scope {
  readonly prefix: string;
  readonly namespace: string;
  readonly outer: Scope | undefined;
  /** The number of declarations, this one included. */
  readonly size: number;

  constructor(prefix: string, namespace: string, outer: Scope | undefined) {
    this.prefix = prefix;
    this.namespace = namespace;
    this.outer = outer;
    this.size = outer === undefined ? 1 : outer.size + 1;
  }
}

/** The namespace of a prefix; undefined if it is not declared. The default namespace has an empty prefix. */
export function namespaceOf(prefix: string, scope: Scope | undefined): string | undefined {
  for (let each = scope; each !== undefined; each = each.outer) {
    if (each.prefix === prefix) return each.namespace;
  }
  if (prefix === '') return '';
  return prefix === 'xml' ? XML_NAMESPACE : undefined;
}

/** Why a prefix cannot be declared for a namespace (Namespaces sections 3 and 5); undefined if it can. */
export function whyUndeclarable(prefix: string, namespace: string): string | undefined {
  if (prefix === 'xmlns') return 'the prefix xmlns cannot be declared';
  if (prefix === 'xml') {
    return namespace === XML_NAMESPACE ? undefined : 'the prefix xml has a namespace of its own';
  }
  if (namespace === XML_NAMESPACE || namespace === XMLNS_NAMESPACE) {
    return 'a reserved namespace has another prefix';
  }
  return prefix !== '' && namespace === '' ? 'a prefix is declared for no namespace' : undefined;
}
