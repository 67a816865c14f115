/** The options of an XML parser. */
import { checkBoolean, checkInteger } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';

export interface XMLParserOptions {
  /** Most elements inside each other: 1 to 65,536. Default 256. */
  readonly maxDepth?: number;
  /** Longest tag or processing instruction in UTF-16 code units, without its brackets: 16 to 2^24. Default 65,536. */
  readonly maxTagLength?: number;
  /** Most attributes of an element, 0 or more. Default 64. */
  readonly maxAttributes?: number;
  /** Most declarations of namespaces that apply to an element, 0 or more. Default 64. */
  readonly maxNamespaces?: number;
  /**
   * Whether comments and processing instructions are refused as well, as XMPP does (RFC 6120 section 11.1). Default false: they are
   * skipped.
   */
  readonly restricted?: boolean;
}

const NAMES: OptionNames<XMLParserOptions> = {
  maxDepth: true,
  maxTagLength: true,
  maxAttributes: true,
  maxNamespaces: true,
  restricted: true,
};

export type ResolvedOptions = Required<XMLParserOptions>;

const DEFAULTS: ResolvedOptions = {
  maxDepth: 256,
  maxTagLength: 65_536,
  maxAttributes: 64,
  maxNamespaces: 64,
  restricted: false,
};

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
export function resolveOptions(options: XMLParserOptions | undefined): ResolvedOptions {
  if (options === undefined) return DEFAULTS;
  checkOptions('XMLParser', options, NAMES);
  const {
    maxDepth = DEFAULTS.maxDepth,
    maxTagLength = DEFAULTS.maxTagLength,
    maxAttributes = DEFAULTS.maxAttributes,
    maxNamespaces = DEFAULTS.maxNamespaces,
    restricted = DEFAULTS.restricted,
  } = options;
  checkInteger('maxDepth', maxDepth, 1, 65_536);
  checkInteger('maxTagLength', maxTagLength, 16, 2 ** 24);
  checkInteger('maxAttributes', maxAttributes, 0, Number.MAX_SAFE_INTEGER);
  checkInteger('maxNamespaces', maxNamespaces, 0, Number.MAX_SAFE_INTEGER);
  checkBoolean('restricted', restricted);
  return { maxDepth, maxTagLength, maxAttributes, maxNamespaces, restricted };
}

/** Longest reference, such as `&#x0000000041;`. */
export const MAX_REFERENCE_LENGTH = 32;
