// The TypeScript client: go-nsq's producer and consumer for browsers, Node and Workers.

export type { Clock } from "./clock.ts";
export { Consumer, type ConsumerEvents } from "./consumer.ts";
export { MalformedError, NotConnectedError, NsqError, OptionError, ProtocolError, StoppedError } from "./errors.ts";
export type { Unsubscribe } from "./events.ts";
export type { Answered, Message } from "./message.ts";
export type { AuthSecret, ConsumerOptions, ProducerOptions } from "./options.ts";
export { type Body, Producer, type ProducerEvents } from "./producer.ts";
export type { HandleOptions, Handler } from "./takers.ts";
export type { Link, LinkEvents, LookupProducer, Transport } from "./transport.ts";
export { type WebSocketConstructor, webSocketTransport } from "./web-socket.ts";
