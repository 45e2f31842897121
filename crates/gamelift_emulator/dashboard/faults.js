// The faults: what each button asks for, and what is set to go wrong already.

import { $, attempt, control, el, patch } from "./dom.js";

const OPERATIONS = [
  "CreateGameSession", "DescribeGameSessions", "SearchGameSessions", "UpdateGameSession", "TerminateGameSession", "CreatePlayerSession",
  "CreatePlayerSessions", "DescribePlayerSessions", "StartGameSessionPlacement", "DescribeGameSessionPlacement", "StopGameSessionPlacement",
  "RegisterCompute", "GetComputeAuthToken", "ListFleets", "ListLocations",
];

const calls = () => ({ operation: $("operation").value || null, times: $("times").valueAsNumber });
const process = () => ({ process_id: $("target").value.trim() || null });
const whose = () => $("target").value.trim() || "all processes";

const FAULTS = {
  throttle: () => [{ fault: "fail_calls", error: "ThrottlingException", ...calls() }, "The next calls are throttled"],
  "server-error": () => [{ fault: "fail_calls", error: "InternalServiceException", ...calls() }, "The next calls fail with a 500"],
  delay: () => [{ fault: "delay_calls", millis: $("delay").valueAsNumber, ...calls() }, "The next calls are answered late"],
  refresh: () => [{ fault: "refresh_connections", ...process() }, `A new connection was asked of ${whose()}`],
  cut: () => [{ fault: "cut_sockets", ...process() }, `Sockets cut: ${whose()}`],
  "half-open": () => [{ fault: "half_open_sockets", ...process() }, `Sockets are half open: ${whose()}`],
  interrupt: () => [{ fault: "interrupt_within", millis: $("within").valueAsNumber * 1000, ...process() }, `Interrupted: ${whose()}`],
  crash: () => [{ fault: "crash_processes", ...process() }, `Crashed: ${whose()}`],
  refuse: () => [{ fault: "refuse_activations", times: 1 }, "The next activation is refused"],
  pings: () => [{ fault: "delay_pings", millis: $("delay").valueAsNumber }, `Pings are answered ${$("delay").value} ms late`],
  expire: () => [{ fault: "expire_tokens" }, "All auth tokens have expired"],
  clear: () => [{ fault: "clear" }, "Nothing goes wrong on purpose any more"],
};

export function startFaults() {
  $("operation").append(...OPERATIONS.map((name) => el("option", {}, name)));
  for (const form of document.querySelectorAll(".faults")) {
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("click", (event) => {
      const name = event.target.closest("button")?.dataset.fault;
      if (!name || !form.reportValidity()) return;
      const [fault, words] = FAULTS[name]();
      attempt(words, () => control("faults", fault));
    });
  }
}

/** What is set to go wrong, and for whom it can be set. */
export function showFaults(active, refused, processes) {
  const rules = active.map((rule) => {
    if (rule.location) return `pings to ${rule.location} are answered ${rule.delay_millis} ms late`;
    const what = rule.error ? `fails with ${rule.error}` : `comes ${rule.delay_millis} ms late`;
    return `${rule.operation ?? "any call"} ${what}, ${rule.left} left`;
  });
  if (refused) rules.push(`activations are refused, ${refused} left`);
  patch($("active-faults"), rules.map((text, place) => ({ text, place })), ({ place }) => place, ({ text }) => el("li", {}, text));
  $("clear").hidden = rules.length === 0;
  if (processes) patch($("targets"), processes, (id) => id, (id) => el("option", { value: id }));
}
