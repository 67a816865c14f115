/** The maximum number of bytes of one UTF-16 code unit in UTF-8. */
export const MAX_UTF8_BYTES = 3;
