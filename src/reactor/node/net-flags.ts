/** The flags of `_createServerHandle`. */

export const onDeno: boolean = process.versions.deno !== undefined;

/** libuv's `UV_TCP_IPV6ONLY`. */
export const IPV6_ONLY = 1;
/** libuv's `UV_TCP_REUSEPORT`, since 1.49; Deno's own number for it. */
export const REUSE_PORT: number = onDeno ? 4 : 2;
