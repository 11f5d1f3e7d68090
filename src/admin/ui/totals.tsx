// A few large figures beside each other.

export function Totals({ of }: { of: readonly (readonly [label: string, value: string | null])[] }) {
  return (
    <dl class="totals">
      {of.map(([label, value]) => (
        <div key={label} class="card">
          <dt>{label}</dt>
          <dd>{value ?? "–"}</dd>
        </div>
      ))}
    </dl>
  );
}
