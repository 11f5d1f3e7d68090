import { build } from "../../scripts/build.ts";

/** Builds the bundle once for all test files that start a broker. */
export default function setup(): void {
  build();
}
