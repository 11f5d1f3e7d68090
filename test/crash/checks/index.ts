// Everything that must hold of what the clients saw; each check is a function of the ledger and says what is wrong.

import type { Ledger } from "../ledger.ts";
import { checkAttempts } from "./attempts.ts";
import { checkDeferral } from "./deferral.ts";
import { checkEnd } from "./end.ts";
import { checkFinished } from "./finished.ts";
import { checkIds } from "./ids.ts";
import { checkInFlight } from "./in-flight.ts";
import { checkPauses } from "./pauses.ts";
import { checkRestarts } from "./restarts.ts";

/** Of each check only so many are told: one mistake shows itself in many messages. */
const TOLD = 5;

/** @param syncEvery the broker's option of this name */
export function violations(ledger: Ledger, syncEvery: number): string[] {
  const found = [
    checkIds(ledger),
    checkAttempts(ledger),
    checkInFlight(ledger),
    checkDeferral(ledger),
    checkFinished(ledger, syncEvery),
    checkPauses(ledger),
    checkRestarts(ledger),
    checkEnd(ledger),
  ];
  return [...ledger.surprises.slice(0, TOLD), ...found.flatMap((texts) => texts.slice(0, TOLD))];
}
