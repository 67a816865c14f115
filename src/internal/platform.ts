/** Refuses features that Windows lacks, always with the same text. */
import { UnsupportedError } from '../core/errors/reactor.js';

export const WINDOWS: boolean = process.platform === 'win32';

const NO_DESCRIPTORS = 'sockets have no descriptors on Windows';

/** @throws UnsupportedError on Windows: watching, adopting and passing on sockets require descriptors. */
export function checkHasDescriptors(feature: string): void {
  if (WINDOWS) throw new UnsupportedError(feature, NO_DESCRIPTORS);
}
