// What /stats says right after a restart against what was confirmed before.

import type { Ledger, Look } from "../ledger.ts";
import { checkCounts, isStored, livingChannel, messagesUntil } from "./counts.ts";

export function checkRestarts(ledger: Ledger): string[] {
  return ledger.looks.flatMap((look, index) => {
    const messages = messagesUntil(ledger, look.moment.order);
    const stored = messages.filter((message) => isStored(message, look.moment.order)).length;
    const before = ledger.looks[index - 1];
    return [
      ...checkCounts(ledger, look, stored, messages.length),
      ...(before ? checkGrowth(ledger, before, look) : []),
      ...checkChannels(ledger, look),
      ...checkPaused(ledger, look),
      ...checkInFlight(ledger, look),
    ];
  });
}

/** Messages once counted are stored, and so count for ever. */
function checkGrowth(ledger: Ledger, before: Look, { counts, life, moment }: Look): string[] {
  const wrong: string[] = [];
  const fell = (name: string, from: number, to: number) => {
    if (to < from) wrong.push(`[DUR1] ${name} had message_count ${from}, and ${to} when life ${life} was looked at`);
  };
  fell("topic", before.counts.messageCount, counts.messageCount);
  for (const { name, messageCount } of counts.channels) {
    const channel = livingChannel(ledger, name, before.moment.order);
    const known = before.counts.channels.find((other) => other.name === name);
    if (known && channel && channel === livingChannel(ledger, name, moment.order)) {
      fell(name, known.messageCount, messageCount);
    }
  }
  return wrong;
}

function checkChannels({ channels }: Ledger, { counts, life, moment }: Look): string[] {
  const names = new Set([...channels, ...counts.channels].map(({ name }) => name));
  const wrong: string[] = [];
  for (const name of names) {
    const lives = channels.filter((channel) => channel.name === name && channel.creation.sent.order < moment.order);
    const isMade = lives.some(({ creation, deletion }) => {
      const isConfirmed = creation.confirmed !== null && creation.confirmed.order < moment.order;
      return isConfirmed && !(deletion && deletion.sent.order < moment.order);
    });
    const mayBe = lives.some(({ deletion }) => !(deletion?.confirmed && deletion.confirmed.order < moment.order));
    const isFound = counts.channels.some((channel) => channel.name === name);
    if (isMade && !isFound) wrong.push(`[DUR1] channel ${name} is gone in life ${life}`);
    if (isFound && !mayBe)
      wrong.push(`[DUR9] channel ${name} was deleted, or never made, and is there in life ${life}`);
  }
  return wrong;
}

function checkPaused(ledger: Ledger, { counts, life, moment }: Look): string[] {
  const flags = [
    { name: "topic", flag: ledger.topicPause, isPaused: counts.isPaused },
    ...counts.channels.flatMap(({ name, isPaused }) => {
      const channel = livingChannel(ledger, name, moment.order);
      return channel ? [{ name, flag: channel.pause, isPaused }] : [];
    }),
  ];
  return flags
    .filter(({ flag, isPaused }) => !flag.possible(moment.order).has(isPaused))
    .map(({ name, isPaused }) => `[DUR3] ${name} is ${isPaused ? "" : "not "}paused in life ${life}`);
}

/** What was in flight when the broker was killed came back at once, but for that of consumers who had left before. */
function checkInFlight(ledger: Ledger, { counts, life, moment }: Look): string[] {
  return counts.channels.flatMap(({ name, inFlight }) => {
    const left = ledger.channels
      .filter((channel) => channel.name === name)
      .flatMap(({ consumers }) => consumers.filter((consumer) => consumer.isClosed && consumer.life < life));
    const most = left.reduce((sum, { maxRdy }) => sum + maxRdy, 0);
    const isLiving = livingChannel(ledger, name, moment.order) !== undefined;
    return isLiving && inFlight > most
      ? [`[DUR5] ${name} has ${inFlight} in flight in life ${life}, ${most} at most`]
      : [];
  });
}
