// A parameter that is a whole number in a range.

import type { Params } from "../http/params.ts";
import { HttpError } from "../http/respond.ts";

interface Range {
  readonly byDefault: number;
  readonly min: number;
  readonly max: number;
}

export function numberParam(params: Params, name: string, { byDefault, min, max }: Range): number | HttpError {
  const text = params.get(name);
  if (text === null || text === "") return byDefault;
  const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  return number >= min && number <= max ? number : new HttpError(400, `INVALID_ARG_${name.toUpperCase()}`);
}
