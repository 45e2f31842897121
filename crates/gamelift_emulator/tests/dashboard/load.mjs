// What a watched dashboard costs the emulator: many game sessions, many changes a second, one watcher.
// usage: node load.mjs EMULATOR [SESSIONS] [CHANGES A SECOND] [SECONDS]

import { readFileSync } from "node:fs";
import { Process, place, start } from "./fleet.mjs";

const [binary, sessions = 5000, changes = 100, seconds = 10] = process.argv.slice(2).map((text, place) => (place ? Number(text) : text));
const emulator = await start(binary);
const cpu = () => {
  const fields = readFileSync(`/proc/${emulator.child.pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10; // clock ticks of 10 ms
};

const arns = [];
for (let done = 0; done < sessions; done += 100) {
  const servers = await Promise.all(Array.from({ length: Math.min(100, sessions - done) }, (_, n) => new Process(emulator, `p${done + n}`).ready()));
  const made = await Promise.all(servers.map((_, n) => emulator.call("CreateGameSession", { ...place, MaximumPlayerSessionCount: 200, Name: `game session ${done + n}` })));
  arns.push(...made.map(({ body }) => body.GameSession.GameSessionId));
}

/** Renames game sessions for a while; the share of a core that the emulator takes. */
async function run() {
  const [before, begin] = [cpu(), performance.now()];
  let done = 0;
  while (performance.now() - begin < seconds * 1000) {
    const due = Math.floor(((performance.now() - begin) / 1000) * changes);
    await Promise.all(Array.from({ length: due - done }, () => {
      done += 1;
      const GameSessionId = arns[Math.floor(Math.random() * arns.length)];
      return emulator.call("UpdateGameSession", { GameSessionId, Name: `renamed ${done}` });
    }));
    await new Promise((wake) => setTimeout(wake, 20));
  }
  const took = performance.now() - begin;
  return { share: ((cpu() - before) / took) * 100, rate: done / (took / 1000) };
}

async function watch(ask, each) {
  const stop = new AbortController();
  const response = await fetch(`${emulator.endpoint}/_emulator/watch`, {
    method: "POST", headers: { Authorization: `Bearer ${emulator.secret}` }, body: JSON.stringify(ask), signal: stop.signal,
  });
  const reader = response.body.getReader();
  (async () => { for (;;) { const { value, done } = await reader.read(); if (done) return; each(value); } })().catch(() => {});
  return stop;
}

const alone = await run();
let bytes = 0;
let answers = 0;
const watcher = await watch({ table: "game_sessions" }, (part) => { bytes += part.length; answers += part.includes(10) ? 1 : 0; });
const watched = await run();
const [seenBytes, seenAnswers] = [bytes, answers];
watcher.abort();
const waits = [];
for (let n = 0; n < 20; n += 1) {
  const begin = performance.now();
  await new Promise((first) => {
    const stop = watch({ table: "game_sessions", search: `session ${n * 7}`, page: n % 3 }, () => { stop.then((one) => one.abort()); first(); });
  });
  waits.push(performance.now() - begin);
}
waits.sort((a, b) => a - b);
console.log(`${sessions} game sessions, ${watched.rate.toFixed(0)} changes a second for ${seconds} s`);
console.log(`changes alone            ${alone.share.toFixed(1)} % of a core`);
console.log(`changes and a dashboard  ${watched.share.toFixed(1)} % of a core: the dashboard takes ${(watched.share - alone.share).toFixed(1)} %`);
console.log(`${(seenAnswers / seconds).toFixed(1)} answers and ${(seenBytes / seconds / 1024).toFixed(0)} KiB a second; a new search is answered after ${waits[10].toFixed(1)} ms (median of 20)`);
emulator.child.kill("SIGKILL");
process.exit(0);
