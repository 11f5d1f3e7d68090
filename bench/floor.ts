// The doors of the floor workers (bench/floor).

import type { Endpoint } from "./load/task.ts";
import type { Servers } from "./servers.ts";

type Floor = Servers["floor"];

let names = 0;

/** An object of its own that stores each message in a row and answers with so many OKs. */
export function storing({ ws }: Floor, replies: number): Endpoint {
  return endpoint(`${ws}/store?name=store-${++names}&replies=${replies}`);
}

/** An object of its own that sends message frames. */
export function sending({ ws }: Floor): Endpoint {
  return endpoint(`${ws}/source?name=source-${++names}`);
}

/** An object of its own that does the same as one that stores, and passes on each message to other objects: these send it. */
export function passing({ ws }: Floor, replies: number, copies: number): { from: Endpoint; to: Endpoint[] } {
  const name = `pipe-${++names}`;
  const targets = Array.from({ length: copies }, (_, index) => `${name}-${index}`);
  return {
    from: endpoint(`${ws}/pipe?name=${name}&replies=${replies}&to=${targets.join()}`),
    to: targets.map((target) => endpoint(`${ws}/pipe?name=${target}`)),
  };
}

function endpoint(url: string): Endpoint {
  return { url, greeting: [], replies: 0 };
}
