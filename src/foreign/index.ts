/** The entry point `ropewalk/foreign`: event loops of other libraries, such as GTK's, in one thread with a reactor. */
export { attachForeignLoop } from './attach.js';
export type { AttachOptions } from './attach-options.js';
export { ForeignAttachment } from './attachment.js';
export { CoreFoundationLoop, type CoreFoundationLoopOptions } from './core-foundation-loop.js';
export { type EmbedInGLibOptions, embedInGLib, type GLibEmbedding } from './embed-in-glib.js';
export { type BlockOptions, type EmbeddedReactor, embedReactor } from './embedded-reactor.js';
export {
  EmbeddingClosedError,
  ForeignDescriptorError,
  ForeignLibraryError,
  ForeignLoopBusyError,
  type ForeignLoopOwner,
  FunctionNotFoundError,
  ThreadEndingError,
  type TurnRefusalReason,
  TurnRefusedError,
} from './errors.js';
export type { ForeignDescriptor, ForeignLoop, ForeignReady, ForeignWait } from './foreign-loop.js';
export { GLibLoop, type GLibLoopOptions } from './glib-loop.js';
export type { ForeignReactor, ForeignStatistics, NativelyHosted } from './loop-host.js';
export { type NativeFunction, nativeFunction } from './native-function.js';
