/** The layer that sends Basic authentication (RFC 7617). It is below redirections, which remove credentials for another origin. */
import { basicCredentials } from '../client/basic-credentials.js';
import { withField } from './field-list.js';
import type { Interceptor } from './send.js';

export const basicAuth: Interceptor = (next) => (request) => {
  const { auth, fields } = request;
  if (auth === undefined || auth.scheme === 'digest') return next(request);
  const value = basicCredentials(auth.username, auth.password);
  return next({ ...request, fields: withField(fields, 'Authorization', value) });
};
