// Versions of nsqd, as far as one is older than another (semver 2.0, sections 9 to 11; what is after a `+` does not count).

export class Version {
  readonly #numbers: readonly number[];
  /** Empty for a release, which is newer than all that came before it. */
  readonly #preRelease: readonly string[];

  constructor(numbers: readonly number[], preRelease: readonly string[]) {
    this.#numbers = numbers;
    this.#preRelease = preRelease;
  }

  isBefore(other: Version): boolean {
    for (const [index, number] of this.#numbers.entries()) {
      const difference = number - (other.#numbers[index] ?? 0);
      if (difference !== 0) return difference < 0;
    }
    return isPreReleaseBefore(this.#preRelease, other.#preRelease);
  }
}

/** What is no version counts as the oldest of all, as in nsqadmin. */
export function versionOf(text: string): Version {
  const [, major, minor, patch, preRelease] = /^v?(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+.*)?$/.exec(text) ?? [];
  const numbers = [major, minor, patch].map((part) => Number(part ?? 0));
  return new Version(numbers, preRelease?.split(".") ?? []);
}

export function newestOf(versions: readonly Version[]): Version {
  return versions.reduce((newest, version) => (newest.isBefore(version) ? version : newest), versionOf(""));
}

function isPreReleaseBefore(a: readonly string[], b: readonly string[]): boolean {
  if (a.length === 0 || b.length === 0) return a.length > b.length;
  for (const [index, part] of a.entries()) {
    const other = b[index];
    if (other === undefined) return false;
    if (part === other) continue;
    const isNumber = /^\d+$/.test(part);
    const isOtherNumber = /^\d+$/.test(other);
    if (isNumber && isOtherNumber) return Number(part) < Number(other);
    return isNumber === isOtherNumber ? part < other : isNumber;
  }
  return a.length < b.length;
}
