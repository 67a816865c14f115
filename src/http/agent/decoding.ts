/** The layer that decodes content by Content-Encoding. */
import type { AgentResponse } from './agent-response.js';
import { DecodedContent, type DecodingLimits } from './decoded-content.js';
import type { Interceptor } from './send.js';

export function decoding(limits: DecodingLimits): Interceptor {
  return (next) => (request) => {
    if (!request.decode) return next(request);
    return next(request).addCallback((response) =>
      isCoded(response, request.method) ? decoded(response, limits) : response,
    );
  };
}

function isCoded(response: AgentResponse, method: string): boolean {
  return response.has('content-encoding') && method !== 'HEAD' && response.contentLength !== 0;
}

function decoded(response: AgentResponse, limits: DecodingLimits): AgentResponse {
  const encoding = response.field('content-encoding') ?? '';
  return response.decodedBy((content) => new DecodedContent(content, encoding, limits));
}
