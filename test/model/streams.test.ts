/** Random programs over TCP connections; what they are is in stream-model.ts. */
import { describeStreams } from './stream-model.js';

describeStreams('tcp');
