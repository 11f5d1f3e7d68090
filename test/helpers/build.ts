import { build } from "../../scripts/build.ts";

/** Each project that starts brokers asks for it, and none has the others' modules: only this is theirs together. */
const BUILT = Symbol.for("nsq-edge: the bundle is built");

/** Builds the bundle once for all test files that start a broker. */
export default function setup(): void {
  if (BUILT in globalThis) return;
  build();
  Object.assign(globalThis, { [BUILT]: true });
}
