/** The ways in which an agent treats redirections. */

/** `manual`: responses with 3xx are answers like others. `error`: they fail with an HTTPRedirectError. */
export type RedirectMode = 'follow' | 'manual' | 'error';

export const REDIRECT_MODES: readonly RedirectMode[] = ['follow', 'manual', 'error'];
