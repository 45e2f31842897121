// The page: what is asked for, the stream of answers, and where each part of an answer goes.

import { $, aws, control, el, patch, preciseClock, say, setText } from "./dom.js";
import { showDetail } from "./detail.js";
import { showFaults, startFaults } from "./faults.js";
import { showProcess } from "./process.js";
import { tables } from "./tables.js";

const MAX_LINES = 300;
const ask = { table: "game_sessions", search: "", status: "", page: 0, size: 25, game_session: "", process: 0, problems_only: false };
const TABLES = tables(open, openProcess);
let stream = new AbortController();
let paused = false;
let waiting = [];
let newest = -1;
let returnTo = null;

// --- the stream

async function watch() {
  stream.abort();
  const mine = (stream = new AbortController());
  // a browser has few connections for one host: a page that nobody sees leaves its own to the others
  if (document.hidden) return live("hidden", "paused while hidden");
  for (let pause = 250; !mine.signal.aborted; pause = Math.min(pause * 2, 4000)) {
    let problem = "not connected, trying again";
    try {
      const response = await control("watch", ask, mine.signal);
      for await (const line of lines(response.body)) {
        if (mine.signal.aborted) return;
        pause = 250;
        live("live", "live");
        if (line) show(JSON.parse(line));
      }
    } catch (error) {
      if (mine.signal.aborted) return;
      // a restarted emulator has a new secret, which is in a new page
      if (/secret of this run/.test(error.message)) return location.reload();
      // what the emulator itself says
      if (error.constructor === Error) problem = error.message;
    }
    live("lost", problem);
    await new Promise((wake) => setTimeout(wake, pause));
  }
}

async function* lines(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    yield* parts;
  }
}

function live(state, words) {
  $("live").dataset.state = state;
  setText($("live"), words);
}

// --- what an answer shows

function show(seen) {
  const { totals, page } = seen;
  showTabs(totals);
  if (page.table === ask.table) showPage(page);
  showDetail(seen.detail, closeDetail);
  showProcess(seen.process, open, closeProcess);
  const processes = page.table === "processes" ? page.rows.filter((row) => !row.over).map((row) => row.id) : null;
  showFaults(seen.faults, totals.refused_activations, processes);
  if (seen.skipped) waiting.push({ gap: seen.skipped, number: `before ${seen.lines[0]?.number}` });
  // a new stream begins with lines that are here already
  waiting.push(...seen.lines.filter((line) => line.number > newest));
  newest = Math.max(newest, ...seen.lines.map((line) => line.number));
  waiting = waiting.slice(-MAX_LINES);
  if (!paused) showLines();
}

function showTabs(totals) {
  patch($("tabs"), Object.keys(TABLES).map((name) => ({ name, count: TABLES[name].count(totals), hint: TABLES[name].hint(totals), on: name === ask.table })),
    ({ name }) => name, ({ name, count, hint, on }) => el("button", {
      type: "button", role: "tab", class: "tab", id: `tab-${name}`, "aria-selected": String(on), "aria-controls": "panel", tabindex: on ? 0 : -1,
      on: { click: () => select(name) },
    }, el("span", { class: "count" }, count.toLocaleString()), el("span", { class: "label" }, TABLES[name].label), el("span", { class: "hint" }, hint)));
}

function showPage(page) {
  const table = TABLES[page.table];
  ask.page = page.page;
  $("panel").setAttribute("aria-labelledby", `tab-${page.table}`);
  setText($("caption"), table.label);
  if ($("head").dataset.table !== page.table) {
    $("head").dataset.table = page.table;
    $("head").replaceChildren(el("tr", {}, ...table.columns.map((name) => el("th", { scope: "col" }, name || el("span", { class: "hidden" }, "Actions")))));
    $("rows").replaceChildren();
  }
  patch($("rows"), page.rows.map((row) => ({ ...row, current: row.id === ask.game_session || Boolean(row.key) && row.key === ask.process })), (row) => row.key ?? row.id, (row) =>
    el("tr", { "data-over": String(Boolean(row.over)), "aria-current": row.current ? "true" : null },
      ...table.cells(row).map((cell, place) => el("td", { class: table.columns[place] === "" ? "actions" : null }, ...[cell].flat()))));
  $("empty").hidden = page.rows.length > 0;
  setText($("empty"), ask.search || ask.status ? "Nothing fits." : table.nothing);
  const statuses = Object.entries(page.statuses);
  patch($("statuses"), statuses.length > 1 || ask.status ? [["", page.found], ...statuses] : [], ([word]) => `${word} ${word === ask.status}`, ([word, count]) =>
    el("button", { type: "button", "aria-pressed": String(word === ask.status), on: { click: () => change({ status: word === ask.status ? "" : word }) } },
      word ? word.replace("_", " ").toLowerCase() : "all", el("span", { class: "n" }, count.toLocaleString())));
  const fitting = ask.status ? page.statuses[ask.status] ?? 0 : page.found;
  const from = page.page * ask.size;
  setText($("range"), page.rows.length ? `${(from + 1).toLocaleString()} to ${(from + page.rows.length).toLocaleString()} of ${fitting.toLocaleString()}` : "");
  $("previous").disabled = page.page === 0;
  $("next").disabled = page.page + 1 >= page.pages;
}

function showLines() {
  const log = $("log");
  for (const line of waiting) {
    log.prepend(line.gap
      ? el("div", { class: "gap" }, `${line.gap.toLocaleString()} lines left out`)
      : el("div", { class: line.level }, el("time", { datetime: new Date(line.at).toISOString() }, preciseClock(line.at)),
        el("p", {}, el("span", { class: "subject", title: line.subject }, line.subject.split("/").pop()), " ", el("span", { class: "text" }, line.text))));
  }
  waiting = [];
  while (log.childElementCount > MAX_LINES) log.lastElementChild.remove();
}

// --- what the user wants

function change(wish) {
  Object.assign(ask, { page: 0 }, wish);
  watch();
}

function select(name) {
  if (name === ask.table) return;
  $("search").value = "";
  change({ table: name, search: "", status: "" });
}

function open(arn) {
  detail({ game_session: arn, process: 0 }, $("detail"), arn);
}

function openProcess(key) {
  detail({ game_session: "", process: key }, $("process"), String(key));
}

/** Asks for one thing in detail, and goes to it when it is shown. */
function detail(wish, section, id) {
  returnTo = document.activeElement?.closest("tr")?.dataset.key ?? null;
  change({ ...wish, page: ask.page });
  const arrive = () => {
    if (section.hidden || section.dataset.id !== id) return false;
    section.focus({ preventScroll: true });
    section.scrollIntoView({ block: "nearest" });
    return true;
  };
  if (arrive()) return;
  const shown = new MutationObserver(() => arrive() && shown.disconnect());
  shown.observe(section, { attributes: true, childList: true });
}

const closeProcess = () => closeDetail();

function closeDetail() {
  change({ game_session: "", process: 0, page: ask.page });
  const row = [...$("rows").children].find((row) => row.dataset.key === returnTo);
  (row?.querySelector("button") ?? $("main")).focus();
}

$("tabs").addEventListener("keydown", (event) => {
  const names = Object.keys(TABLES);
  const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
  const here = names.indexOf(ask.table);
  const there = event.key === "Home" ? 0 : event.key === "End" ? names.length - 1 : event.key in steps ? (here + steps[event.key] + names.length) % names.length : -1;
  if (there < 0) return;
  event.preventDefault();
  const shown = new MutationObserver(() => {
    shown.disconnect();
    $(`tab-${names[there]}`).focus();
  });
  shown.observe($("tabs"), { childList: true });
  select(names[there]);
});

document.addEventListener("visibilitychange", watch);

let typed;
$("search").addEventListener("input", () => {
  clearTimeout(typed);
  typed = setTimeout(() => change({ search: $("search").value.trim() }), 150);
});
$("previous").addEventListener("click", () => change({ page: Math.max(0, ask.page - 1) }));
$("next").addEventListener("click", () => change({ page: ask.page + 1 }));
$("problems").addEventListener("change", () => {
  $("log").replaceChildren();
  newest = -1;
  change({ problems_only: $("problems").checked, page: ask.page });
});
$("pause").addEventListener("click", () => {
  paused = !paused;
  $("pause").setAttribute("aria-pressed", String(paused));
  $("pause").textContent = paused ? "Go on" : "Pause";
  if (!paused) showLines();
});
$("copy").addEventListener("click", () => navigator.clipboard.writeText(location.origin).then(() => say("Endpoint copied"), (error) => say(error.message, true)));
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, dialog");
  if (event.key === "/" && !typing) {
    event.preventDefault();
    $("search").focus();
  } else if (event.key === "Escape" && !typing && (ask.game_session || ask.process)) closeDetail();
});

// --- a new game session

$("create").addEventListener("click", async () => {
  try {
    const { FleetAttributes: fleets } = await aws("DescribeFleetAttributes", {});
    const places = await Promise.all(fleets.map(async ({ FleetId, Name }) => {
      const { LocationAttributes } = await aws("DescribeFleetLocationAttributes", { FleetId });
      return LocationAttributes.map(({ LocationState }) => [FleetId, LocationState.Location, Name]);
    }));
    $("new-place").replaceChildren(...places.flat().map(([fleet, location, name]) =>
      el("option", { value: JSON.stringify([fleet, location]) }, `${name} (${fleet}) in ${location}`)));
    $("dialog-problem").textContent = "";
    $("dialog").showModal();
    $("new-name").focus();
  } catch (error) {
    say(error.message, true);
  }
});
$("dialog-cancel").addEventListener("click", () => $("dialog").close());
$("create-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const [FleetId, Location] = JSON.parse($("new-place").value);
    const properties = $("new-properties").value.split("\n").filter((line) => line.includes("=")).map((line) => {
      const [key, ...value] = line.split("=");
      return { Key: key.trim(), Value: value.join("=").trim() };
    });
    const player = $("new-player").value.trim();
    const { GameSession } = await aws("CreateGameSession", {
      FleetId, Location, MaximumPlayerSessionCount: $("new-maximum").valueAsNumber, Name: $("new-name").value.trim() || undefined, GameProperties: properties,
    });
    $("dialog").close();
    select("game_sessions");
    open(GameSession.GameSessionId);
    say("Game session created");
    if (player) await seat(GameSession.GameSessionId, player);
  } catch (error) {
    if ($("dialog").open) $("dialog-problem").textContent = error.message;
    else say(error.message, true);
  }
});

/** Reserves a seat as soon as the game session is active. */
async function seat(GameSessionId, PlayerId) {
  for (let tries = 0; tries < 60; tries += 1) {
    const { GameSessions } = await aws("DescribeGameSessions", { GameSessionId });
    if (GameSessions[0]?.Status === "ACTIVE") {
      await aws("CreatePlayerSession", { GameSessionId, PlayerId });
      return say(`${PlayerId} has a seat`);
    }
    if (GameSessions[0]?.Status !== "ACTIVATING") break;
    await new Promise((wake) => setTimeout(wake, 500));
  }
  throw new Error("the game session did not become active: no seat was reserved");
}

setText($("endpoint"), location.origin);
startFaults();
watch();
