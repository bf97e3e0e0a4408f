// JSON Web Tokens (RFC 7519) made by hand, good and bad.

import { createHmac } from 'node:crypto';

import { SECRET } from './server.js';

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Seconds since 1970, now. */
export const nowSeconds = () => Math.floor(Date.now() / 1000);

/** A token with these claims, signed with HS256 unless told otherwise. */
export function mint(claims, { secret = SECRET, alg = 'HS256' } = {}) {
  const signed = `${encode({ alg, typ: 'JWT' })}.${encode(claims)}`;
  if (alg === 'none') return `${signed}.`;
  const hash = { HS256: 'sha256', HS512: 'sha512' }[alg];
  return `${signed}.${createHmac(hash, secret).update(signed).digest('base64url')}`;
}

/** What the Task Manager app's own server puts into a token for the user with this id. */
export function claimsOf(sub, more = {}) {
  const now = nowSeconds();
  return {
    fresh: false,
    iat: now,
    jti: '9f6f5c1e-7e0b-4c61-9d1c-3a1d6a2f8f10',
    type: 'access',
    sub,
    nbf: now,
    exp: now + 3600,
    ...more,
  };
}
