/** When a state must be saved: at once, with the save interval, or not at all. */
export type Urgency = "now" | "soon" | "none";

export class SaveNeed {
  #urgency: Urgency = "none";

  get urgency(): Urgency {
    return this.#urgency;
  }

  add(urgency: "now" | "soon"): void {
    if (this.#urgency !== "now") this.#urgency = urgency;
  }

  /** It was saved. */
  clear(): void {
    this.#urgency = "none";
  }
}
