// Reads Prometheus' text format more strictly than Prometheus does.

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\\\|\\"|\\n)*",?)*\})? (\S+)$/;
const COMMENT = /^# (HELP|TYPE) (\S+) (.+)$/;

interface ReadFamily {
  readonly name: string;
  type: string | null;
}

/** What is wrong with a text. */
export function expositionErrors(text: string): string[] {
  const errors: string[] = [];
  if (!text.endsWith("\n")) errors.push("the last line does not end");
  const families = new Set<string>();
  const series = new Set<string>();
  let family: ReadFamily | null = null;
  for (const line of text.split("\n").slice(0, -1)) {
    const [, keyword, of = "", what = ""] = COMMENT.exec(line) ?? [];
    const [, name = "", labels = "", value = ""] = SAMPLE.exec(line) ?? [];
    if (keyword === "HELP") {
      if (families.has(of)) errors.push(`a family twice: ${line}`);
      families.add(of);
      family = { name: of, type: null };
    } else if (keyword === "TYPE") {
      if (family?.name !== of || family.type !== null) errors.push(`TYPE without its HELP: ${line}`);
      else family.type = what;
      if ((what === "counter") !== of.endsWith("_total")) errors.push(`the name does not fit the type: ${line}`);
    } else if (name === "") {
      errors.push(`no sample: ${line}`);
    } else {
      if (family?.name !== name || family.type === null) errors.push(`not in its family: ${line}`);
      if (!Number.isFinite(Number(value))) errors.push(`no number: ${line}`);
      if (series.has(name + labels)) errors.push(`twice: ${line}`);
      series.add(name + labels);
    }
  }
  return errors;
}

/** Values by series, as it is written: `name{label="value"}`. */
export function samplesOf(text: string): Map<string, number> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(" ");
      return [line.slice(0, at), Number(line.slice(at + 1))] as const;
    }),
  );
}
