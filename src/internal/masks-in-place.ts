/** Unmasking received bytes without a copy. */

/** A transport whose receivers may have received bytes masked where they are: it keeps no other use for them. */
export interface MasksInPlace {
  /**
   * Masks or unmasks `length` bytes of `data` from `at` on in place (RFC 6455 section 5.3).
   * @param key Its first byte is in the low 8 bits.
   * @returns Whether all bytes are then ASCII; undefined, and nothing is changed, if `data` is not memory of this transport.
   */
  maskReceived(data: Uint8Array, at: number, length: number, key: number): boolean | undefined;
}
