// What the document says of POST /auth/token.

import { type AuthorizationData, PERMISSIONS } from "../identity/authorization.ts";
import { json, jsonObject, type RouteDoc } from "./documented.ts";
import { list, object, oneOf, optional, text, whole } from "./schema.ts";
import type { TokenAnswer } from "./tokens.ts";

const request = object<{ authorizations: AuthorizationData[]; ttl?: number; identity?: string }>({
  authorizations: {
    ...list(object<AuthorizationData>({ topic: text, channels: list(text), permissions: list(oneOf(...PERMISSIONS)) })),
    minItems: 1,
    "x-invalid": "INVALID_AUTHORIZATIONS",
  },
  ttl: optional({ ...whole, minimum: 1, description: "Seconds.", "x-invalid": "INVALID_TTL" }),
  identity: optional({ ...text, pattern: "^([\\w.@-]{1,64})?$", "x-invalid": "INVALID_IDENTITY" }),
});

/** Bytes: what is longer makes no token that is short enough. */
export const MAX_BODY = 8_192;

export const issueToken: RouteDoc = {
  summary: "Makes a token that may do less than one's own, and not for long",
  body: jsonObject(
    request,
    { authorizations: [{ topic: "orders", channels: ["billing"], permissions: ["subscribe"] }], ttl: 600 },
    "What the token shall allow: within what its maker may do.",
    MAX_BODY,
  ),
  answers: [
    json(
      object<TokenAnswer>({
        token: text,
        identity: text,
        expires_at: { ...whole, description: "Seconds since the epoch." },
      }),
      "The token.",
    ),
  ],
  errors: { 400: ["AUTHORIZATIONS_TOO_LONG"], 409: ["BROKER_IS_OPEN"], 501: ["AUTH_SECRET_IS_NOT_SET"] },
};
