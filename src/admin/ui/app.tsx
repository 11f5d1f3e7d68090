// The header, and below it the page that the path names.

import { useEffect } from "preact/hooks";
import type { InfoAnswer } from "../api.ts";
import { ConfirmDialog } from "./confirm.tsx";
import { Header } from "./header.tsx";
import { info } from "./info.ts";
import { pathname, route } from "./navigation.ts";
import { Missing, OpenBanner, UnreachableBanner } from "./notices.tsx";
import { AuditPage } from "./pages/audit.tsx";
import { ChannelPage } from "./pages/channel.tsx";
import { CounterPage } from "./pages/counter.tsx";
import { LookupPage } from "./pages/lookup.tsx";
import { NodePage } from "./pages/node.tsx";
import { NodesPage } from "./pages/nodes.tsx";
import { TopicPage } from "./pages/topic.tsx";
import { TopicsPage } from "./pages/topics.tsx";
import { isUnreachable, usePoll } from "./poll.ts";
import { path } from "./request.ts";
import { Toasts } from "./toast.tsx";

/** What the broker says of itself seldom changes. */
const INFO_MS = 30_000;

export function App() {
  const { answer } = usePoll<InfoAnswer>(path("info"), { interval: () => INFO_MS });
  useEffect(() => {
    info.value = answer;
  }, [answer]);
  return (
    <>
      <Header />
      <main id="content" tabIndex={-1} class={isUnreachable.value ? "stale" : undefined}>
        <UnreachableBanner />
        <OpenBanner />
        <Page key={pathname.value} />
      </main>
      <ConfirmDialog />
      <Toasts />
    </>
  );
}

function Page() {
  const to = route.value;
  switch (to.page) {
    case "topics":
      return <TopicsPage />;
    case "topic":
      return <TopicPage topic={to.topic} />;
    case "channel":
      return <ChannelPage topic={to.topic} channel={to.channel} />;
    case "nodes":
      return <NodesPage />;
    case "node":
      return <NodePage node={to.node} />;
    case "lookup":
      return <LookupPage />;
    case "counter":
      return <CounterPage />;
    case "audit":
      return <AuditPage />;
    case "unknown":
      return (
        <Missing title="No such page">
          <p class="nothing-title">There is nothing at this address</p>
        </Missing>
      );
  }
}
