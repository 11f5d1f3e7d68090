import type { Figure } from "./figure.ts";

export interface Settings {
  /** Less of everything, for a first look. */
  readonly isQuick: boolean;
}

export interface Scenario {
  readonly name: string;
  run(settings: Settings): Promise<Figure[]>;
}
