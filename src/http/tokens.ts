// POST /auth/token: a token for somebody who may do less than the caller, and not for long. Not in nsqd.

import { mint, parseMintRequest } from "../auth/minting.ts";
import { IDENTITY } from "../auth/need.ts";
import { MAX_SECRET } from "../auth/source.ts";
import type { DocumentedRoute } from "./documented.ts";
import { jsonBody } from "./json-body.ts";
import { HttpError, json, refused } from "./respond.ts";
import type { Handler } from "./router.ts";
import { issueToken as doc, MAX_BODY } from "./token-docs.ts";

export interface TokenAnswer {
  token: string;
  identity: string;
  /** s since the epoch */
  expires_at: number;
}

const issueToken: Handler = async (request, broker) => {
  const { doorkeeper, identity } = broker;
  if (doorkeeper.isOpen) return new HttpError(409, "BROKER_IS_OPEN");
  const body = await jsonBody(request, MAX_BODY);
  if (body instanceof HttpError) return body;
  const asked = parseMintRequest(body);
  if (typeof asked === "string") return new HttpError(400, asked);
  const minted = mint(identity, asked, doorkeeper.maxTokenTtl, Date.now());
  if (minted === null) return refused("forbidden");
  const token = await doorkeeper.issueToken(minted);
  if (token === null) return new HttpError(501, "AUTH_SECRET_IS_NOT_SET");
  if (token.length > MAX_SECRET) return new HttpError(400, "AUTHORIZATIONS_TOO_LONG");
  return json({ token, identity: minted.name, expires_at: Math.floor(minted.endsAt / 1000) } satisfies TokenAnswer);
};

export const tokenRoutes: readonly DocumentedRoute[] = [
  { method: "POST", path: "/auth/token", need: IDENTITY, handler: issueToken, doc },
];
