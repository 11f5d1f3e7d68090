// The entry of the admin pages.

import "uplot/dist/uPlot.min.css";
import "./styles/tokens.css";
import "./styles/dark.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/header.css";
import "./styles/layout.css";
import "./styles/table.css";
import "./styles/parts.css";
import "./styles/blocks.css";
import "./styles/search.css";
import "./styles/cells.css";
import "./styles/chart.css";
import "./styles/counter.css";
import "./styles/messages.css";
import "./styles/message-details.css";
import "./styles/publish.css";
import "./styles/messages-narrow.css";
import { render } from "preact";
import { App } from "./app.tsx";
import { followLinks } from "./navigation.ts";
import { applyTheme } from "./theme.ts";

applyTheme();
followLinks();
render(<App />, document.body);
