/** The services of the family. */

/** `quote` is the Quote of the Day (RFC 865), the others are named like their RFCs: 862, 863, 864, 867 and 868. */
export type SimpleService = 'echo' | 'discard' | 'chargen' | 'daytime' | 'time' | 'quote';

export const SERVICES: readonly SimpleService[] = [
  'echo',
  'discard',
  'chargen',
  'daytime',
  'time',
  'quote',
];

/** The longest quote in bytes: RFC 865 recommends less than 512 characters. */
export const MAX_QUOTE_BYTES = 512;
/** A chargen datagram has up to 512 characters (RFC 864). */
export const MAX_CHARGEN_BYTES = 512;
