// One game session in detail: facts, and the time line from the API call to the last player's end.

import { $, el, lasted, nameOf, patch, pill, preciseClock, say } from "./dom.js";
import { end } from "./tables.js";

const WORDS = {
  called: ["API call received", "busy"], pushed: ["placed, pushed to the server process", "busy"], activated: ["activated", "good"],
  reserved: ["seat reserved", "busy"], accepted: ["accepted", "good"], removed: ["removed", ""], lapsed: ["reservation lapsed", "bad"],
  asked_to_end: ["asked to end", ""], ended: ["terminated", ""],
};

let told = "";

export function showDetail(detail, close) {
  const section = $("detail");
  const now = JSON.stringify(detail);
  if (now === told) return;
  told = now;
  section.hidden = !detail;
  if (!detail) return;
  if (section.dataset.id !== detail.id) {
    section.dataset.id = detail.id;
    section.replaceChildren(
      el("div", { class: "bar" }, el("h2", { id: "detail-title" }), el("span", { id: "detail-status" }),
        el("button", { type: "button", id: "detail-end", class: "danger" }, "End"),
        el("button", { type: "button", id: "detail-copy" }, "Copy ARN"),
        el("button", { type: "button", id: "detail-close" }, "Close")),
      el("dl", { class: "facts", id: "facts" }),
      el("h3", {}, "Time line"), el("div", { class: "stretch", id: "stretch", "aria-hidden": "true" }),
      el("ul", { class: "legend", id: "legend" }), el("ol", { class: "timeline", id: "timeline" }), el("p", { class: "muted", id: "older" }));
    $("detail-close").addEventListener("click", close);
  }
  $("detail-end").onclick = () => end(detail);
  $("detail-copy").onclick = () => navigator.clipboard.writeText(detail.id).then(() => say("ARN copied"), (error) => say(error.message, true));
  $("detail-title").textContent = nameOf(detail.name, detail.id);
  $("detail-status").replaceChildren(pill(detail.status));
  $("detail-end").hidden = detail.over || detail.status === "TERMINATING";
  patch($("facts"), facts(detail), ([name]) => name, fact);
  const start = detail.moments[0]?.at ?? 0;
  let before = start;
  const steps = detail.moments.map((moment, place) => {
    const step = { ...moment, place, offset: moment.at - start, since: moment.at - before };
    before = moment.at;
    return step;
  });
  patch($("timeline"), steps, (step) => `${step.place} ${step.kind} ${step.who}`, moment);
  stretches(detail);
  $("older").textContent = detail.older_players ? `${detail.older_players} older player sessions are not shown.` : "";
}

function facts(detail) {
  const properties = detail.properties.map(({ Key, Value }) => `${Key}=${Value}`).join("  ");
  return [
    ["Players", `${detail.taken} of ${detail.maximum}${detail.open ? "" : ", closed"}`], ["Address", `${detail.address ?? "none"}:${detail.port}`],
    ["Process", `${detail.process || "forgotten"} on ${detail.compute}`], ["Fleet", `${detail.fleet} in ${detail.location}`],
    detail.request_trace && ["Trace of the request", detail.request_trace], detail.data_trace && ["Trace in the session data", detail.data_trace],
    detail.creator && ["Creator", detail.creator], detail.reason && ["Reason", detail.reason],
    properties && ["Properties", properties, "wide"], ["ARN", detail.id, "wide"],
  ].filter(Boolean);
}

const fact = ([name, value, kind = ""]) => el("div", { class: kind }, el("dt", {}, name), el("dd", { class: kind || name.startsWith("Trace") ? "mono" : "" }, value));

function moment(step) {
  const [words, mood] = WORDS[step.kind] ?? [step.kind, ""];
  const player = ["reserved", "accepted", "removed", "lapsed"].includes(step.kind);
  return el("li", { class: mood },
    el("span", { class: "offset", title: preciseClock(step.at) }, `+${lasted(step.offset)}`), el("span", { class: "dot", "aria-hidden": "true" }),
    el("span", { class: "what" }, player ? `${step.who}: ${words}` : words,
      !player && step.who ? el("small", {}, ` ${step.who}`) : null, step.trace ? el("small", { class: "mono" }, ` ${step.trace}`) : null),
    el("span", { class: "step" }, step.place ? `${lasted(step.since)} later` : preciseClock(step.at)));
}

function stretches(detail) {
  const at = Object.fromEntries(detail.moments.filter((m) => !(m.kind in { reserved: 0, accepted: 0, removed: 0, lapsed: 0 })).map((m) => [m.kind, m.at]));
  const until = (from, ...ends) => { const to = ends.find((end) => end !== undefined); return from === undefined || to === undefined ? null : to - from; };
  const parts = [
    ["call", "call to push", until(at.called, at.pushed)], ["load", "push to activation", until(at.pushed, at.activated, at.asked_to_end, at.ended)],
    ["play", "active", until(at.activated, at.asked_to_end, at.ended)], ["ending", "ending", until(at.asked_to_end, at.ended)],
  ].filter(([, , millis]) => millis !== null);
  $("stretch").replaceChildren(...parts.map(([kind, , millis]) => {
    const bar = el("span", { class: kind });
    bar.style.flexGrow = String(Math.log2(2 + millis));
    return bar;
  }));
  $("legend").replaceChildren(...parts.map(([, words, millis]) => el("li", {}, `${words} `, el("b", {}, lasted(millis)))));
}
