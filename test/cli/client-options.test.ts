import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { clientOpt, clientOptions } from "../../src/cli/client-options.ts";
import { Consumer } from "../../src/client/index.ts";

function optionsOf(...texts: string[]) {
  const opts = texts.map(clientOpt);
  return clientOptions({ kind: "tcp", opts, userAgent: "nsq-edge-test/1", token: "secret" });
}

describe("options of go-nsq", () => {
  it("[CLI14] have its names, with - or _, and its values", () => {
    expect(
      optionsOf("max-in-flight,5", "msg_timeout,1m30s", "deflate", "tls_v1,false", "backoff_strategy,full_jitter"),
    ).toMatchObject({ maxInFlight: 5, msgTimeout: 90_000, deflate: true, tls: false, backoffStrategy: "full_jitter" });
    expect(optionsOf("skip_lookupd_authorization,false")).toMatchObject({ lookupdAuthorization: false });
  });

  it("[CLI14] say who connects, and show the token, unless they say otherwise", () => {
    expect(optionsOf()).toMatchObject({ userAgent: "nsq-edge-test/1", authSecret: "secret" });
    expect(optionsOf("auth_secret,other", "client_id,me")).toMatchObject({ authSecret: "other", clientId: "me" });
  });

  it("[CLI14] that are texts stay so, whatever they look like", () => {
    const texts = optionsOf("auth_secret,20261129", "client_id,42", "hostname,1h");
    expect(texts).toMatchObject({ authSecret: "20261129", clientId: "42", hostname: "1h" });
  });

  it.each([
    ["snappy", "option snappy: the client does not speak snappy: use deflate"],
    ["local_addr,1.2.3.4", "option local_addr: there is no such choice"],
    ["tls_root_ca_file,/does/not/exist", "/does/not/exist cannot be read"],
    ["tls_min_version,ssl3.0", "option tls_min_version: ssl3.0 is none of tls1.0, tls1.1, tls1.2"],
  ])("[CLI2] that the client lacks are refused: %s", (text, message) => {
    expect(() => optionsOf(text)).toThrow(message);
  });

  it("[CLI2] that there are not, or that are out of range, are refused by the client", () => {
    expect(() => new Consumer("t", "c", optionsOf("no_such,1"))).toThrow(
      "invalid option noSuch: there is no such option",
    );
    expect(() => new Consumer("t", "c", optionsOf("max_attempts,70000"))).toThrow("maxAttempts: 70000 > 65535");
  });

  it("[CLI14] name files for TLS", () => {
    const file = join(mkdtempSync(join(tmpdir(), "nsq-edge-")), "ca.pem");
    writeFileSync(file, "a certificate");
    expect(() =>
      optionsOf(`tls_root_ca_file,${file}`, "tls_insecure_skip_verify", "tls_min_version,tls1.2"),
    ).not.toThrow();
  });

  it("[CLI2] without a name are none", () => {
    expect(() => clientOpt(",5")).toThrow("It must be name,value.");
  });
});
