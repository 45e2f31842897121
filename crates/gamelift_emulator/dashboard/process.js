// One server process in detail: facts, and what it measures of itself.

import { $, clock, el, nameOf, patch, pill } from "./dom.js";

const REPORTER = { silent: "silent", registered: "registered", deregistered: "deregistered, ended well" };

let told = "";

/** Shows a process, or hides the section; `open` shows a game session, `close` ends this. */
export function showProcess(process, open, close) {
  const section = $("process");
  const now = JSON.stringify(process);
  if (now === told) return;
  told = now;
  section.hidden = !process;
  if (!process) return;
  const key = String(process.key);
  if (section.dataset.id !== key) {
    section.dataset.id = key;
    section.replaceChildren(
      el("div", { class: "bar" }, el("h2", { id: "process-title" }), el("span", { id: "process-status" }),
        el("button", { type: "button", id: "process-close" }, "Close")),
      el("dl", { class: "facts", id: "process-facts" }),
      el("h3", { id: "metrics-title" }, "Metrics"), el("p", { class: "muted", id: "no-metrics" },
        "It has sent none. Server SDKs send them when the game asks for it and the GAMELIFT_STATSD_* and GAMELIFT_CRASH_REPORTER_* variables point here."),
      el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Metrics table" },
        el("table", { id: "metrics", "aria-labelledby": "metrics-title" },
          el("thead", {}, el("tr", {}, ...["Name", "Kind", "Value", "Count", "Least", "Mean", "Most"].map((name) => el("th", { scope: "col" }, name)))),
          el("tbody", { id: "metric-rows" }))));
    $("process-close").addEventListener("click", close);
  }
  $("process-title").textContent = process.id;
  $("process-status").replaceChildren(pill(process.status));
  patch($("process-facts"), facts(process), ([name]) => name, ([name, value, arn]) =>
    el("div", {}, el("dt", {}, name), el("dd", {}, arn ? el("button", { type: "button", class: "link", on: { click: () => open(arn) } }, value) : value)));
  $("no-metrics").hidden = process.metrics.length > 0;
  $("metrics").hidden = process.metrics.length === 0;
  patch($("metric-rows"), process.metrics, (metric) => metric.name, row);
}

function facts(process) {
  return [
    ["Fleet", `${process.fleet} in ${process.location}`], ["Compute", process.compute], ["Port", String(process.port || "none")],
    ["SDK", [process.sdk || "unknown", process.sdk_version].filter(Boolean).join(" ")], process.tool && ["Tool", process.tool],
    process.log_paths.length > 0 && ["Logs", process.log_paths.join(", ")], ["Sockets", String(process.sockets)], ["Last healthy", clock(process.healthy)],
    process.game_session && ["Game session", nameOf(process.game_session_name, process.game_session), process.game_session],
    process.operating_system_pid && ["Process of the system", String(process.operating_system_pid)],
    ["Crash reporter", REPORTER[process.crash_reporter] ?? process.crash_reporter],
    process.measured && ["Last measured", clock(process.measured)],
  ].filter(Boolean);
}

/** A number as short as it can be read. */
const number = (value) => (value === null ? "" : value.toLocaleString(undefined, { maximumFractionDigits: 3 }));

function row(metric) {
  const [name, tags] = metric.name.split("#");
  const unit = metric.kind === "timer" ? " ms" : "";
  const time = (value) => (value === null ? "" : `${number(value)} ms`);
  return el("tr", {},
    el("td", {}, el("span", { class: "mono" }, name), tags ? el("span", { class: "sub" }, tags) : null),
    el("td", {}, metric.kind), el("td", { class: "number" }, number(metric.value) + unit),
    ...[number(metric.count), time(metric.least), time(metric.mean), time(metric.most)].map((text) => el("td", { class: "number" }, text)));
}
