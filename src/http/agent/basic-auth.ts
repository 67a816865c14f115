/** The layer that sends Basic authentication (RFC 7617). It is below redirections, which remove credentials for another origin. */
import { Buffer } from 'node:buffer';
import { withField } from './field-list.js';
import type { Interceptor } from './send.js';

export const basicAuth: Interceptor = (next) => (request) => {
  const { auth, fields } = request;
  if (auth === undefined) return next(request);
  const pair = Buffer.from(`${auth.username}:${auth.password}`).toString('base64');
  return next({ ...request, fields: withField(fields, 'Authorization', `Basic ${pair}`) });
};
