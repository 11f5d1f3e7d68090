/** nsqd's numbers for the states of a client, as /stats shows them (nsqd/client_v2.go). */
export const ClientState = { init: 0, subscribed: 3, closing: 4 } as const;
export type ClientState = (typeof ClientState)[keyof typeof ClientState];
