// The tables: which columns each has, and what can be done to a row.

import { attempt, aws, clock, control, el, lastPart, lasted, nameOf, pill } from "./dom.js";

const with_sub = (main, sub) => [main, el("span", { class: "sub" }, sub ?? "")];
const button = (text, label, run, kind = "") =>
  el("button", { type: "button", class: kind, "aria-label": label, on: { click: run } }, text);

/** Asks a game session to end, as an AWS client would. */
export const end = (row) =>
  attempt(`${nameOf(row.name, row.id)} was asked to end`, () =>
    aws("TerminateGameSession", { GameSessionId: row.id, TerminationMode: "TRIGGER_ON_PROCESS_TERMINATE" }));

const seats = (row) =>
  el("span", { class: "seats" },
    el("progress", { max: Math.max(row.maximum, 1), value: row.taken, "aria-label": "seats taken" }),
    `${row.taken} / ${row.maximum}${row.open ? "" : " closed"}`);

/** What `open` does with the ARN of a game session, and `openProcess` with the number of a process, is up to the page. */
export function tables(open, openProcess) {
  const session = (arn, name) =>
    arn ? button(nameOf(name, arn), `Show game session ${nameOf(name, arn)}`, () => open(arn), "link") : "none";
  return {
    game_sessions: {
      label: "Game sessions",
      hint: (t) => `${t.active} active, ${t.activating} activating`,
      count: (t) => t.game_sessions,
      nothing: "No game sessions. Start a server process, then create one here or with any AWS SDK.",
      columns: ["Game session", "Status", "Players", "Process", "Location", "Created", ""],
      cells: (r) => [
        with_sub(session(r.id, r.name), r.name ? lastPart(r.id) : ""), pill(r.status), seats(r), r.process || "forgotten",
        with_sub(r.location, r.fleet), clock(r.created),
        r.over || r.status === "TERMINATING" ? "" : button("End", `End game session ${nameOf(r.name, r.id)}`, () => end(r), "danger"),
      ],
    },
    player_sessions: {
      label: "Players",
      hint: (t) => `${t.players} in game, ${t.reserved} reserved`,
      count: (t) => t.players + t.reserved,
      nothing: "No player sessions.",
      columns: ["Player", "Status", "Game session", "Accepted after", "Created"],
      cells: (r) => [
        with_sub(r.player, r.id), pill(r.status), session(r.game_session, r.game_session_name),
        r.accepted === null ? "not yet" : lasted(r.accepted), clock(r.created),
      ],
    },
    processes: {
      label: "Processes",
      hint: (t) => `${t.free_processes} free, ${t.sockets} sockets`,
      count: (t) => t.processes,
      nothing: "No server processes. Give one the GAMELIFT_SDK_* variables that the emulator printed.",
      columns: ["Process", "Status", "Game session", "Port", "SDK", "Sockets", "Metrics", "Last healthy", ""],
      cells: (r) => [
        with_sub(button(r.id, `Show process ${r.id}`, () => openProcess(r.key), "link"), `${r.fleet} / ${r.compute}`), pill(r.status),
        session(r.game_session, r.game_session_name), r.port || "none", r.sdk || "unknown", String(r.sockets), r.metrics ? String(r.metrics) : "none",
        clock(r.heard),
        r.over ? "" : el("span", { class: "buttons" },
          button("Interrupt", `Interrupt process ${r.id}`, () => fault(r.id, "interrupt", "was asked to end")),
          button("Crash", `Crash process ${r.id}`, () => fault(r.id, "crash_processes", "crashed"), "danger")),
      ],
    },
    placements: {
      label: "Placements",
      hint: (t) => `${t.pending} pending`,
      count: (t) => t.placements,
      nothing: "No placements. They come from StartGameSessionPlacement in a queue.",
      columns: ["Placement", "Status", "Queue", "Players", "Game session", "Took", "Started"],
      cells: (r) => [
        el("span", { class: "mono" }, r.id), pill(r.status), r.queue, String(r.players), session(r.game_session),
        r.took === null ? "waiting" : lasted(r.took), clock(r.created),
      ],
    },
    fleets: {
      label: "Fleets",
      hint: () => "Anywhere fleets",
      count: (t) => t.fleets,
      nothing: "No fleets.",
      columns: ["Fleet", "Status", "Locations", "Processes", "Free", "Game sessions", "Cost"],
      cells: (r) => [
        with_sub(r.name, r.id), pill(r.status), r.locations.join(", "), String(r.processes), String(r.free),
        String(r.game_sessions), r.cost,
      ],
    },
    computes: {
      label: "Computes",
      hint: () => "registered machines",
      count: (t) => t.computes,
      nothing: "No computes. RegisterCompute makes one.",
      columns: ["Compute", "Status", "Fleet", "Location", "Address", "Processes"],
      cells: (r) => [r.name, pill(r.status), r.fleet, r.location, r.address ?? "", String(r.processes)],
    },
  };
}

const fault = (id, kind, done) =>
  attempt(`${id} ${done}`, () => control("faults", { fault: kind, process_id: id }));
