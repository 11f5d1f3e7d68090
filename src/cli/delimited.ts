// Cuts a stream of bytes at a delimiter, wherever its chunks end.

/** The pieces, as they become whole; what follows the last delimiter is one, too, if there is anything. */
export async function* delimited(chunks: AsyncIterable<Uint8Array>, delimiter: number): AsyncGenerator<Uint8Array> {
  /** The beginning of a piece that is not whole. */
  let begun: Uint8Array[] = [];
  for await (const chunk of chunks) {
    let from = 0;
    for (let to = chunk.indexOf(delimiter); to >= 0; to = chunk.indexOf(delimiter, from)) {
      const end = chunk.subarray(from, to);
      yield begun.length === 0 ? end : Buffer.concat([...begun, end]);
      begun = [];
      from = to + 1;
    }
    if (from < chunk.length) begun.push(chunk.subarray(from));
  }
  if (begun.length > 0) yield Buffer.concat(begun);
}
