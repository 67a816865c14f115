/** Sending files without reading them. */

/** A transport that can have the system send files, unless the kind of connection or of file forbids it. */
export interface SendsFiles {
  /**
   * Sends `length` bytes of an open file from `position` on, behind everything written. The bytes count as unsent ones do. `fd` may be
   * closed once this has returned. If the file ends before, the connection is reset: what followed would be taken for its bytes.
   *
   * @returns False, and nothing is sent, if this is impossible: read the file, and write its bytes.
   */
  sendFile(fd: number, position: number, length: number): boolean;
}

export function sendsFiles(transport: object): transport is SendsFiles {
  return 'sendFile' in transport;
}
