/** The events of an XML parser. */

/** A name with its prefix and namespace (Namespaces in XML 1.0). */
export interface XMLName {
  /** As it was written, with the prefix: `soap:Body`. */
  readonly name: string;
  /** Empty if there is none. */
  readonly prefix: string;
  readonly local: string;
  /** Empty if it is in none. An attribute without a prefix is in none. */
  readonly namespace: string;
}

export interface XMLAttribute extends XMLName {
  /** References are replaced, and whitespace characters are spaces. */
  readonly value: string;
}

/** The start tag of an element, or an empty-element tag, which a `close` event follows. */
export interface XMLOpen extends XMLName {
  readonly type: 'open';
  /** In order, declarations of namespaces included. */
  readonly attributes: readonly XMLAttribute[];
}

export interface XMLClose extends XMLName {
  readonly type: 'close';
}

/**
 * Characters inside the root element, also those of CDATA sections. Adjacent characters may arrive in any number of events: at
 * references, at CDATA sections and comments, and wherever the input is cut.
 */
export interface XMLText {
  readonly type: 'text';
  readonly text: string;
}

export type XMLEvent = XMLOpen | XMLClose | XMLText;
