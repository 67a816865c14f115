/** `ropewalk/testing/http`: an agent without a network. It is not part of `ropewalk/testing`, because it loads the HTTP client. */

export { UnexpectedRequestError, UnusedRoutesError } from './mock-agent/errors.js';
export { MockAgent, type MockAgentOptions } from './mock-agent/mock-agent.js';
export type { MockCall } from './mock-agent/mock-call.js';
export type { MockFault, MockReply } from './mock-agent/mock-reply.js';
export type { MockRoute } from './mock-agent/mock-route.js';
export type { MockURL } from './mock-agent/url-pattern.js';
