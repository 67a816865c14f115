/** The entry point `ropewalk/foreign`: event loops of other libraries, such as GTK's, in one thread with a reactor. */
export { attachForeignLoop } from './attach.js';
export type { AttachOptions } from './attach-options.js';
export { ForeignAttachment } from './attachment.js';
export { CoreFoundationLoop, type CoreFoundationLoopOptions } from './core-foundation-loop.js';
export { ForeignLibraryError, ForeignLoopBusyError, type ForeignLoopOwner } from './errors.js';
export type { ForeignDescriptor, ForeignLoop, ForeignReady, ForeignWait } from './foreign-loop.js';
export { GLibLoop, type GLibLoopOptions } from './glib-loop.js';
export type { ForeignReactor, ForeignStatistics, NativelyHosted } from './loop-host.js';
