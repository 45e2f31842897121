// The dashboard in a real browser: every fault is clicked and its effect is seen, nothing is inaccessible, pictures are taken.
// usage: node browser.mjs EMULATOR CHROMIUM PICTURES

import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { mkdtempSync, readFileSync } from "node:fs";
import { get } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { Process, place, start, until } from "./fleet.mjs";

const [binary, executablePath, pictures] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
// AWS's long times: what is to be seen for a while stays for a while, also on a slow machine
const emulator = await start(binary, "--realistic");
const context = await chromium.launchPersistentContext(mkdtempSync(join(tmpdir(), "dashboard-")), {
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  viewport: { width: 1440, height: 1000 },
});
const page = await context.newPage();
page.setDefaultTimeout(60_000);
const errors = [];
page.on("pageerror", (error) => errors.push(error.message));
page.on("console", (message) => message.type() === "error" && !message.text().includes("400 (") && errors.push(message.text()));

let step = "";
const says = async (words) => page.locator("#say", { hasText: words }).waitFor();
const row = (text) => page.locator("#rows tr", { hasText: text });
const press = (name) => page.locator(`aside [data-fault="${name}"]`).click();
const tab = (name) => page.locator(`#tab-${name}`).click();
const test = async (name, run) => {
  step = name;
  await run();
  console.log(`ok - ${name}`);
};

async function accessible(where) {
  // a handle of the inspector's own: the page's policy forbids foreign scripts
  const session = await context.newCDPSession(page);
  const { frameTree } = await session.send("Page.getFrameTree");
  const { executionContextId } = await session.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id });
  await session.send("Runtime.evaluate", { expression: axe, contextId: executionContextId });
  const { result, exceptionDetails } = await session.send("Runtime.evaluate", {
    expression: "axe.run(document).then((found) => JSON.stringify(found.violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`) }))))",
    contextId: executionContextId, awaitPromise: true, returnByValue: true,
  });
  assert.ok(!exceptionDetails, JSON.stringify(exceptionDetails));
  assert.deepEqual(JSON.parse(result.value), [], `${where} is not accessible`);
  await session.detach();
}

try {
  await test("the page is live and says what to do when there is nothing", async () => {
    await page.goto(emulator.endpoint);
    await page.locator('#live[data-state="live"]').waitFor();
    await page.locator("#empty", { hasText: "Start a server process" }).waitFor();
    await accessible("the empty page");
  });

  const fleet = [];
  const more = async (count, options) => {
    const fresh = await Promise.all(Array.from({ length: count }, (_, n) => new Process(emulator, `server-${fleet.length + n + 1}`, { port: 7777 + fleet.length + n, ...options }).ready()));
    fleet.push(...fresh);
    return fresh;
  };
  const hosting = (id) => until("a game session is placed", () => fleet.find((server) => server.gameSession === id));

  await test("server processes and game sessions appear without reloading", async () => {
    await more(6, { activateAfter: 40 });
    const { body } = await emulator.call("CreateGameSession", {
      ...place, MaximumPlayerSessionCount: 8, Name: "harbour", GameProperties: [{ Key: "map", Value: "docks" }],
      GameSessionData: JSON.stringify({ key: "do-not-show-this", trace_id: "9a7c52be01d4" }),
    }, { "X-Amzn-Trace-Id": "Root=1-67891233-abcdef012345678912345678" });
    await row("harbour").filter({ hasText: "active" }).waitFor();
    const server = await hosting(body.GameSession.GameSessionId);
    const seats = [];
    for (const PlayerId of ["ada", "bert", "cleo"]) {
      const { body: seat } = await emulator.call("CreatePlayerSession", { GameSessionId: server.gameSession, PlayerId });
      seats.push(seat.PlayerSession.PlayerSessionId);
      await server.accept(seats.at(-1));
    }
    await server.remove(seats[1]);
    await row("harbour").filter({ hasText: "2 / 8" }).waitFor();
  });

  await test("a game session's time line goes from the call to each player's end, with both trace ids and no secret", async () => {
    await row("harbour").getByRole("button", { name: /Show game session/ }).or(row("harbour").locator("button.link")).first().click();
    const line = page.locator("#timeline li");
    for (const words of ["API call received", "pushed to the server process", "activated", "ada: seat reserved", "bert: removed"]) {
      await line.filter({ hasText: words }).waitFor();
    }
    assert.equal(await line.filter({ hasText: "accepted" }).count(), 3);
    assert.match(await page.locator("#facts").innerText(), /Root=1-67891233-abcdef012345678912345678[\s\S]*9a7c52be01d4/);
    assert.ok(!(await page.content()).includes("do-not-show-this"));
    await page.locator("#detail:focus").waitFor();
    await accessible("the time line");
  });

  await test("a game session is created and ended with buttons, by keyboard alone", async () => {
    await page.locator("#create").focus();
    await page.keyboard.press("Enter");
    await page.locator("#new-name:focus").waitFor();
    await accessible("the dialog");
    await page.keyboard.type("by keyboard");
    await page.keyboard.press("Enter");
    await row("by keyboard").filter({ hasText: "active" }).waitFor();
    await row("by keyboard").getByRole("button", { name: "End game session by keyboard" }).focus();
    await page.keyboard.press("Enter");
    await row("by keyboard").filter({ hasText: "terminated" }).waitFor();
  });

  await test("throttled, failing and late calls", async () => {
    await page.locator("#operation").selectOption("DescribeGameSessions");
    await press("throttle");
    await page.locator("#active-faults li", { hasText: "ThrottlingException, 1 left" }).waitFor();
    assert.match((await emulator.call("DescribeGameSessions", { FleetId: place.FleetId })).body.__type, /ThrottlingException/);
    await press("server-error");
    await page.locator("#active-faults li", { hasText: "InternalServiceException, 1 left" }).waitFor();
    assert.equal((await emulator.call("DescribeGameSessions", { FleetId: place.FleetId })).status, 500);
    await page.locator("#delay").fill("300");
    await press("delay");
    await page.locator("#active-faults li", { hasText: "300 ms late" }).waitFor();
    const before = performance.now();
    assert.equal((await emulator.call("DescribeGameSessions", { FleetId: place.FleetId })).status, 200);
    assert.ok(performance.now() - before >= 299);
    await page.locator("#log > div", { hasText: "ThrottlingException" }).first().waitFor();
    await press("throttle");
    await page.locator("#clear").click();
    await page.locator("#clear").waitFor({ state: "hidden" });
    assert.equal((await emulator.call("DescribeGameSessions", { FleetId: place.FleetId })).status, 200);
  });

  await test("a refused activation", async () => {
    await press("refuse");
    await page.locator("#active-faults li", { hasText: "activations are refused" }).waitFor();
    const { body } = await emulator.call("CreateGameSession", { ...place, MaximumPlayerSessionCount: 2, Name: "refused" });
    await page.locator("#active-faults li").waitFor({ state: "detached" });
    await row("refused").filter({ hasText: "activating" }).waitFor();
    await page.locator("#log > div.warn", { hasText: "refused on purpose" }).first().waitFor();
    await emulator.call("TerminateGameSession", { GameSessionId: body.GameSession.GameSessionId, TerminationMode: "TRIGGER_ON_PROCESS_TERMINATE" });
  });

  await test("a refreshed connection, a cut and a half-open socket, a crash, a spot interruption", async () => {
    await tab("processes");
    const [refreshed, cut, halfOpen, crashed, interrupted] = await more(5);
    const target = async (server) => page.locator("#target").fill(server.id);
    await row(refreshed.id).filter({ hasText: "free" }).waitFor();
    await target(refreshed);
    await press("refresh");
    const push = await until("the refresh", () => refreshed.pushes.find(({ Action }) => Action === "RefreshConnection"));
    assert.ok(push.RefreshConnectionEndpoint.startsWith("ws://") && push.AuthToken);
    await target(cut);
    await press("cut");
    await cut.closed;
    await row(cut.id).filter({ hasText: "lost" }).waitFor();
    await target(halfOpen);
    await press("half-open");
    await says("half open");
    let answered = false;
    halfOpen.ask({ Action: "HeartbeatServerProcess", HealthStatus: true }).then(() => { answered = true; });
    await target(crashed);
    await press("crash");
    await crashed.closed;
    await row(crashed.id).filter({ hasText: "ended" }).waitFor();
    await target(interrupted);
    await page.locator("#within").fill("900");
    await press("interrupt");
    const { TerminationTime } = await until("the interruption", () => interrupted.pushes.find(({ Action }) => Action === "TerminateProcess"));
    assert.ok(TerminationTime - Date.now() > 300_000 && TerminationTime - Date.now() <= 900_000);
    await row(interrupted.id).filter({ hasText: "ended" }).waitFor();
    assert.ok(!answered, "a half-open socket answers nothing");
    await page.locator("#target").fill("");
    await accessible("the processes");
  });

  await test("what a process measures is shown with it, live, and a game session is one click away", async () => {
    const { GAMELIFT_STATSD_PORT: port } = emulator.environment;
    const sender = createSocket("udp4");
    const tags = `#process_pid:6602,gamelift_process_id:${fleet[0].id}`;
    const measure = (...lines) => sender.send(lines.map((line) => `${line}|${tags}\n`).join(""), Number(port), "127.0.0.1");
    measure("server_up:1|g", "server_tick_time:16.6|ms", "server_tick_time:18.4|ms", "server_bytes_in:1400|c");
    // as a process asks: what has the headers of a browser is refused
    await new Promise((told, failed) => get(`${emulator.endpoint}/register?process_pid=6602`, (answer) => answer.resume().on("end", told)).on("error", failed));
    await page.getByRole("button", { name: `Show process ${fleet[0].id}`, exact: true }).click();
    await page.locator("#process:focus").waitFor();
    const metric = (name) => page.locator("#metric-rows tr", { hasText: name });
    await metric("server_tick_time").filter({ hasText: "17.5 ms" }).waitFor();
    await page.locator("#process-facts", { hasText: "registered" }).waitFor();
    measure("server_bytes_in:600|c");
    await metric("server_bytes_in").filter({ hasText: "2,000" }).waitFor();
    await accessible("the metrics");
    await page.keyboard.press("Escape");
    await page.locator("#process").waitFor({ state: "hidden" });
    sender.close();
  });

  await test("late pings", async () => {
    await page.locator("#delay").fill("70");
    await press("pings");
    await page.locator("#log > div", { hasText: "70 ms late" }).first().waitFor();
    await page.locator("#active-faults li", { hasText: "pings to custom-local are answered 70 ms late" }).waitFor();
    await page.locator("#clear").click();
    await page.locator("#clear").waitFor({ state: "hidden" });
  });

  await test("a page that is hidden leaves its connection to others, and goes on when it is seen", async () => {
    const show = (hidden) => page.evaluate((hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
    await show(true);
    await page.locator("#live", { hasText: "paused while hidden" }).waitFor();
    await more(1);
    await show(false);
    await page.locator('#live[data-state="live"]').waitFor();
  });

  await test("a page that is one too many says so", async () => {
    const refuse = (route) => route.fulfill({ status: 503, body: "too many watch already: close another dashboard\n" });
    await page.route("**/_emulator/watch", refuse);
    await page.locator("#search").fill("x");
    await page.locator("#live", { hasText: "too many watch already" }).waitFor();
    await page.unroute("**/_emulator/watch", refuse);
    await page.locator("#search").fill("");
    await page.locator('#live[data-state="live"]').waitFor();
  });

  await test("expired tokens", async () => {
    await press("expire");
    await says("expired");
    await assert.rejects(new Process(emulator, "too-late").open());
  });

  await test("a page whose emulator is gone says so", async () => {
    await emulator.stop();
    await page.locator('#live[data-state="lost"]').waitFor();
  });
  assert.deepEqual(errors.filter((error) => !/ERR_|Failed to (fetch|load)/.test(error)), []);

  const busy = await start(binary, "--seed", join(import.meta.dirname, "seed.toml"));
  try {
    step = "pictures";
    await scene(busy);
    await page.goto(busy.endpoint);
    await test("a search, a status and pages", async () => {
      await page.locator("#range", { hasText: "1 to 25 of" }).waitFor();
      await page.locator("#next").click();
      await page.locator("#range", { hasText: "26 to" }).waitFor();
      await page.locator("#search").fill("LIGHTHOUSE");
      await row("lighthouse").first().waitFor();
      await page.locator("#statuses button", { hasText: "terminated" }).click();
      await row("lighthouse").filter({ hasText: "terminated" }).first().waitFor();
      await page.waitForFunction(() => [...document.querySelectorAll("#rows .pill")].every((pill) => pill.textContent === "terminated"));
      await page.locator("#statuses button", { hasText: "all" }).click();
      await page.locator("#search").fill("");
      await page.locator("#range", { hasText: "1 to 25 of" }).waitFor();
    });
    await test("the tabs are walked with arrow keys", async () => {
      await page.locator("#tab-game_sessions").focus();
      for (const name of ["player_sessions", "processes", "placements", "fleets", "computes", "game_sessions"]) {
        await page.keyboard.press("ArrowRight");
        await page.locator(`#tab-${name}[aria-selected="true"]:focus`).waitFor();
        await page.locator("#rows tr").first().waitFor();
        await accessible(name);
      }
    });
    await page.locator("#search").fill("harbour");
    await row("harbour").first().locator("button.link").click();
    await page.locator("#timeline li").first().waitFor();
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      for (const [name, width, height] of [["wide", 1440, 1360], ["narrow", 420, 900]]) {
        await page.setViewportSize({ width, height });
        await page.evaluate(() => scrollTo(0, 0));
        await accessible(`${colorScheme} ${name}`);
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name} is too wide`);
        if (pictures) await page.screenshot({ path: join(pictures, `dashboard-${colorScheme}-${name}.png`), fullPage: name === "narrow" });
      }
    }
    // a process that measures
    await page.setViewportSize({ width: 1440, height: 1360 });
    await page.locator("#search").fill("");
    await tab("processes");
    await page.locator("#statuses button", { hasText: "hosting" }).click();
    const measuring = await row("hosting").filter({ hasText: "harbour" }).first().locator("button.link").first().innerText();
    const sender = createSocket("udp4");
    const lines = ["server_up:1|g", "server_connections:3|g", "server_bytes_in:184320|c", "server_bytes_out:712704|c", "server_tick_time:3.25|ms",
      "server_tick_time:4.125|ms", "server_tick_time:3.5|ms", "server_tick_time.p95:4.125|g", "server_packets_in_lost:2|c"];
    sender.send(lines.map((line) => `${line}|#process_pid:4711,gamelift_process_id:${measuring}\n`).join(""), Number(busy.environment.GAMELIFT_STATSD_PORT), "127.0.0.1");
    await page.getByRole("button", { name: `Show process ${measuring}`, exact: true }).click();
    await page.locator("#metric-rows tr", { hasText: "server_tick_time" }).first().waitFor();
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      for (const [name, width, height] of [["wide", 1440, 1360], ["narrow", 420, 900]]) {
        await page.setViewportSize({ width, height });
        await page.evaluate(() => scrollTo(0, 0));
        await accessible(`process ${colorScheme} ${name}`);
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `process ${name} is too wide`);
        if (pictures) await page.screenshot({ path: join(pictures, `process-${colorScheme}-${name}.png`), fullPage: name === "narrow" });
      }
    }
    sender.close();
    const headers = (await page.request.get(busy.endpoint)).headers();
    assert.match(headers["content-security-policy"], /default-src 'none'/);
  } finally {
    await busy.stop();
  }
  console.log("the dashboard works");
} catch (error) {
  console.error(`not ok - ${step}`);
  if (pictures) await page.screenshot({ path: join(pictures, "failed.png") }).catch(() => {});
  console.error(await page.locator("body").innerText().catch(() => ""));
  console.error(errors);
  throw error;
} finally {
  await context.close();
  emulator.child.kill();
}

/** A machine on which something is going on. */
async function scene(emulator) {
  const names = ["harbour", "lighthouse", "old mill", "north gate", "the pit", "market square"];
  const servers = await Promise.all(Array.from({ length: 44 }, (_, n) =>
    new Process(emulator, `server-${n + 1}`, { port: 7777 + n, activateAfter: 8 + n % 30, never: "ranked final", language: n % 3 ? "Go" : "Rust" }).ready()));
  const active = async (id) => {
    await until("active", async () => (await emulator.call("DescribeGameSessions", { GameSessionId: id })).body.GameSessions[0].Status === "ACTIVE");
    return until("hosted", () => servers.find((server) => server.gameSession === id));
  };
  for (let n = 0; n < 36; n += 1) {
    const maximum = 4 + (n % 3) * 4;
    const { body } = await emulator.call("CreateGameSession", {
      ...place, MaximumPlayerSessionCount: maximum, Name: `${names[n % 6]} ${n + 1}`, CreatorId: `player-${n}`,
      GameProperties: [{ Key: "map", Value: names[n % 6] }, { Key: "mode", Value: n % 2 ? "ranked" : "casual" }],
      GameSessionData: JSON.stringify({ trace_id: `9a7c52be01d${n.toString(16)}` }),
    }, { "X-Amzn-Trace-Id": `Root=1-6789123${n % 10}-abcdef012345678912345678` });
    const server = await active(body.GameSession.GameSessionId);
    for (let p = 0; p < (n * 5 + 3) % (maximum + 1); p += 1) {
      const { body: seat } = await emulator.call("CreatePlayerSession", { GameSessionId: server.gameSession, PlayerId: `player-${n}-${p}` });
      if (p % 4 !== 3) await server.accept(seat.PlayerSession.PlayerSessionId);
      if (p % 5 === 4) await server.remove(seat.PlayerSession.PlayerSessionId);
    }
    if (n % 5 === 2) await emulator.call("TerminateGameSession", { GameSessionId: server.gameSession, TerminationMode: "TRIGGER_ON_PROCESS_TERMINATE" });
  }
  await emulator.call("StartGameSessionPlacement", { PlacementId: "match-1", GameSessionQueueName: "everywhere", MaximumPlayerSessionCount: 4, GameSessionName: "ranked final" });
  await emulator.fault({ fault: "fail_calls", operation: "CreateGameSession", error: "ThrottlingException", times: 3 });
}
