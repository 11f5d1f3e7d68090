// What workerd is told (workerd.capnp): one Worker with its objects, their data on disk, and its doors.

import { resolve } from "node:path";

/** As in wrangler.toml, which test/cli/serve-config.test.ts compares. */
export const COMPATIBILITY = { date: "2026-10-20", flags: ["no_web_socket_compression"] } as const;

export type SocketKind = "http" | "tcp";

export interface WorkerSettings {
  /** Where the bundle lies: `index.js`. */
  readonly bundleDir: string;
  /** Classes of objects and the names of their bindings. The id of an object depends on the name of its class: it stays for ever. */
  readonly objects: Readonly<Record<string, string>>;
  /** They come by way of the environment: what is secret is in no file, and in no list of processes. */
  readonly vars?: Readonly<Record<string, string>> | undefined;
  /** A folder of static files, and the name of the binding to it. */
  readonly assets?: { readonly dir: string; readonly binding: string } | undefined;
  /** `host:port` by the kind of socket; port 0 for any that is free. */
  readonly addresses: Readonly<Partial<Record<SocketKind, string>>>;
  /** Where the data lies. */
  readonly dataDir: string;
  /** Whether it may call servers on this machine and in private networks, too. */
  readonly mayCallHere?: boolean | undefined;
  /** Whether each line of its log is JSON: `timestamp` (ms), `level`, `message`. */
  readonly isLogStructured?: boolean | undefined;
}

export function workerdConfig(settings: WorkerSettings): string {
  const { objects, vars = {}, addresses, assets, dataDir, mayCallHere = false, isLogStructured = false } = settings;
  const sockets = Object.entries(addresses).map(
    ([kind, address]) => `(name = "${kind}", address = ${quote(address)}, ${kind} = (), service = "worker"),`,
  );
  const classes = Object.keys(objects);
  const namespaces = classes.map((name) => `(className = "${name}", uniqueKey = "${name}", enableSql = true),`);
  const bindings = [
    ...classes.map((name) => `(name = "${objects[name]}", durableObjectNamespace = "${name}"),`),
    ...(assets ? [`(name = ${quote(assets.binding)}, service = "assets"),`] : []),
    ...Object.keys(vars).map((name) => `(name = ${quote(name)}, fromEnvironment = ${quote(name)}),`),
  ];
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "worker", worker = .worker),
    (name = "internet", network = (
      allow = ["public"${mayCallHere ? ', "private"' : ""}],
      tlsOptions = (trustBrowserCas = true),
    )),
    ${assets ? `(name = "assets", disk = (path = ${quote(resolve(assets.dir))})),` : ""}
    (name = "data", disk = (path = ${quote(resolve(dataDir))}, writable = true)),
  ],
  sockets = [
    ${sockets.join("\n    ")}
  ],
  logging = (structuredLogging = ${isLogStructured}),
);

const worker :Workerd.Worker = (
  modules = [ (name = "index.js", esModule = embed "/index.js") ],
  compatibilityDate = ${quote(COMPATIBILITY.date)},
  compatibilityFlags = [${COMPATIBILITY.flags.map(quote).join(", ")}],
  durableObjectNamespaces = [
    ${namespaces.join("\n    ")}
  ],
  durableObjectStorage = (localDisk = "data"),
  bindings = [
    ${bindings.join("\n    ")}
  ],
);
`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
