// What the tests read of /openapi.json.

export interface Reply {
  readonly status: number;
  /** The media type; empty without one. */
  readonly type: string;
  readonly body: string;
}

export interface Refusal {
  readonly status: number;
  readonly code: string;
}

export interface Schema {
  readonly type?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly "x-invalid"?: string;
}

export interface Media {
  readonly schema: Schema;
  readonly example?: unknown;
}

export interface Parameter {
  readonly name: string;
  readonly in: "query" | "path";
  readonly required: boolean;
  readonly schema: Schema;
  readonly example: unknown;
  readonly "x-missing"?: Refusal;
  readonly "x-invalid"?: Refusal;
}

export interface RequestBody {
  readonly content: Readonly<Record<string, Media>>;
  readonly "x-limit": number | string;
  readonly "x-too-large"?: Refusal;
  readonly "x-empty"?: Refusal;
  readonly "x-malformed"?: Refusal;
}

export interface Response {
  readonly content?: Readonly<Record<string, Media>>;
}

interface Described {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: RequestBody;
  readonly responses: Readonly<Record<string, Response>>;
  readonly security: readonly object[];
  readonly "x-permission"?: string;
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: { readonly responses: Readonly<Record<string, Response>> };
}

export interface Operation extends Described {
  readonly method: string;
  readonly path: string;
  /** For messages. */
  readonly call: string;
  readonly parameters: readonly Parameter[];
}

export function operationsOf({ paths }: OpenApi): Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([name, described]) => {
      const method = name.toUpperCase();
      return { ...described, method, path, call: `${method} ${path}`, parameters: described.parameters ?? [] };
    }),
  );
}
