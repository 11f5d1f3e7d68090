// JSON Schemas (2020-12, as OpenAPI 3.1 has them) that are tied to types: a key that a type gains, and its schema lacks, does not compile.

/** The schema of a `T`, as it is written in the document. */
export interface Schema<T = unknown> {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | false;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly unevaluatedProperties?: false;
  /** Of a part of a JSON body: the code that another value is answered with. */
  readonly "x-invalid"?: string;
  /** Never there: it lets the compiler tell the schema of one type from that of another. */
  readonly [OF]?: T;
}

declare const OF: unique symbol;

/** A property that may be left out. */
interface Optional<T> {
  readonly optional: Schema<T>;
}

/** The schemas of all properties of a `T`. */
type Properties<T> = {
  readonly [K in keyof T]-?: object extends Pick<T, K> ? Optional<Exclude<T[K], undefined>> : Schema<T[K]>;
};

export const text: Schema<string> = { type: "string" };
export const flag: Schema<boolean> = { type: "boolean" };
export const number: Schema<number> = { type: "number" };
export const whole: Schema<number> = { type: "integer" };
/** What there is so much of. */
export const count: Schema<number> = { type: "integer", minimum: 0 };

export function described<T>(schema: Schema<T>, description: string): Schema<T> {
  return { ...schema, description };
}

export const seconds: Schema<number> = described(whole, "Seconds since the epoch.");

export function oneOf<const T extends readonly (string | number | boolean | null)[]>(...values: T): Schema<T[number]> {
  return { enum: values };
}

export function list<T>(items: Schema<T>): Schema<T[]> {
  return { type: "array", items };
}

/** An object that is used as a map. */
export function map<T>(values: Schema<T>): Schema<Record<string, T>> {
  return { type: "object", additionalProperties: values };
}

export function nullable<T>(schema: Schema<T>): Schema<T | null> {
  return { anyOf: [schema, { type: "null" }] };
}

export function optional<T>(schema: Schema<T>): Optional<T> {
  return { optional: schema };
}

/** An object with these keys and no others. */
export function object<T extends object>(properties: Properties<T>): Schema<T> {
  const entries = Object.entries<Schema | Optional<unknown>>(properties);
  const required = entries.filter(([, each]) => !isOptional(each)).map(([key]) => key);
  return {
    type: "object",
    properties: Object.fromEntries(entries.map(([key, each]) => [key, isOptional(each) ? each.optional : each])),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}

/** References to schemas that are written down once, under the names of their types. */
export function refsTo<Named extends object>(): <K extends keyof Named & string>(name: K) => Schema<Named[K]> {
  return (name) => ({ $ref: `#/components/schemas/${name}` });
}

/** The schemas of several types by their names. */
export type NamedSchemas<Named extends object> = { readonly [K in keyof Named]: Schema<Named[K]> };

function isOptional(property: Schema | Optional<unknown>): property is Optional<unknown> {
  return "optional" in property;
}
