/** What Windows lacks: asked here, so that its refusals read alike. */
import { UnsupportedError } from '../core/errors/reactor.js';

export const WINDOWS: boolean = process.platform === 'win32';

const NO_DESCRIPTORS = 'sockets have no descriptors on Windows';

/** @throws UnsupportedError on Windows: watching, adopting and giving away take a descriptor. */
export function checkHasDescriptors(feature: string): void {
  if (WINDOWS) throw new UnsupportedError(feature, NO_DESCRIPTORS);
}
