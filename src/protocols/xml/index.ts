/**
 * `ropewalk/xml`: a streaming parser of XML 1.0 (fifth edition) with Namespaces in XML 1.0, for messages of peers, and escaping.
 *
 * Omitted on purpose: document type declarations, hence entities of documents, default attributes and validation; they are refused.
 * XML 1.1.
 */
export { decodeXML } from './encoding.js';
export { InvalidXMLError, InvalidXMLOutputError, type XMLLimit, XMLLimitError } from './errors.js';
export type { XMLAttribute, XMLClose, XMLEvent, XMLName, XMLOpen, XMLText } from './events.js';
export type { XMLParserOptions } from './limits.js';
export { XMLParser } from './parser.js';
export { escapeXMLAttribute, escapeXMLText } from './serializer.js';
