/**
 * The entry point `ropewalk/cgi`: programs that answer requests by CGI/1.1 (RFC 3875), as resources of `ropewalk/web`.
 *
 * Omitted on purpose: scripts with non-parsed heads (`nph-`), arguments from the query (section 4.4, by which options can be passed to
 * interpreters), redirects inside the server (section 6.2.2; the client is redirected), PATH_TRANSLATED.
 */
export { CGIDirectory, type CGIDirectoryOptions } from './cgi-directory.js';
export { CGIScript, FilteredScript, type FilteredScriptOptions } from './cgi-script.js';
export { InvalidCGIOutputError } from './errors.js';
export { type CGIHead, type CGIHeadLimits, CGIHeadParser } from './head-parser.js';
export type { CGIOptions, CGIProcessOptions, CGIReactor } from './options.js';
