/** UTF-8 takes at most this many bytes for one UTF-16 code unit. */
export const MAX_UTF8_BYTES = 3;
