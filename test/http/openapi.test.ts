import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, it } from "vitest";
import { doors } from "../../src/http/door-docs.ts";
import { NSQ_VERSION } from "../../src/limits.ts";
import { openApiDocument, routes } from "../../src/routes.ts";
import { DOORS } from "../durable/access-matrix.ts";

interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly security: readonly object[];
  readonly responses: Readonly<Record<string, object>>;
  readonly "x-permission"?: string;
}

const document = openApiDocument() as {
  readonly info: { readonly version: string };
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ call: `${method.toUpperCase()} ${path}`, operation })),
);

function templated(path: string): string {
  return path.replace(/:(\w+)/g, "{$1}");
}

describe("the document of the HTTP API", () => {
  it("[OAS1] is valid OpenAPI 3.1", async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(structuredClone(openApiDocument()) as Record<string, unknown>);
    expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
    expect(validator.version).toBe("3.1");
    expect(document.info.version).toBe(NSQ_VERSION);
  });

  it("[OAS1] has no reference to what it does not have, and nothing that nobody refers to", () => {
    const text = JSON.stringify(document);
    const referred = new Set([...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name));
    const { components } = openApiDocument() as { components: { schemas: object } };
    expect(
      Object.keys(components.schemas)
        .filter((name) => name !== "Error")
        .sort(),
    ).toEqual([...referred].sort());
  });

  it("[OAS2] has every route and every door, and no others", () => {
    const expected = [
      ...routes.map(({ method, path }) => `${method} ${templated(path)}`),
      ...doors.map(({ path }) => `GET ${path}`),
    ];
    expect(operations.map(({ call }) => call).sort()).toEqual(expected.sort());
  });

  it("[OAS2] has the doors whose rules are tested", () => {
    const tested = new Set(["/v2", ...DOORS.map(([path]) => path.split("?")[0])]);
    expect(new Set(doors.map(({ path }) => path))).toEqual(tested);
  });

  it("[OAS2] names each operation once, and its group", () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    const tags = new Set(operations.flatMap(({ operation }) => operation.tags));
    expect([...tags].sort()).toEqual(document.tags.map(({ name }) => name).sort());
  });

  it("[OAS2] has a parameter for each part that a path leaves open", () => {
    const named = (route: (typeof routes)[number]) => (route.doc.params ?? []).map(({ name }) => `:${name}`);
    const lacking = routes.filter((route) =>
      (route.path.match(/:\w+/g) ?? []).some((part) => !named(route).includes(part)),
    );
    expect(lacking.map(({ path }) => path)).toEqual([]);
  });

  it.each(routes.map((route) => [route.method, route.path, route] as const))(
    "[OAS3] says what it takes: %s %s",
    (method, path, { need }) => {
      const operation = document.paths[templated(path)]?.[method.toLowerCase()] as Operation;
      const isForAll = need.kind === "nothing";
      expect(operation.security.length === 0).toBe(isForAll);
      expect("401" in operation.responses).toBe(!isForAll);
      if (need.kind === "permission") expect(operation["x-permission"]).toBe(`${need.permission} for ${need.scope}`);
    },
  );
});
