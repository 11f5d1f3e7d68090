// The subprotocols of a WebSocket: a browser cannot set headers of one, so it offers its token as a protocol beside the one that it speaks.

/** What is agreed to. */
export const SUBPROTOCOL = "nsq-edge";
/** Before a token, in base64url without padding: not every token is made of letters that a protocol may have. */
export const TOKEN_PREFIX = "nsq-edge.bearer.";
