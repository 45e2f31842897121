// An emulator as a child process, AWS calls to it, and server processes that do what a test says.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import WebSocket from "ws";

/** Starts the emulator and reads what it prints. */
export async function start(binary, ...flags) {
  const child = spawn(binary, ["--port", "0", ...flags], { stdio: ["ignore", "pipe", "inherit"] });
  const environment = {};
  for await (const line of createInterface({ input: child.stdout })) {
    for (const [, name, value] of line.matchAll(/\b([A-Z_]+)=(\S+)/g)) environment[name] = value;
    if (environment.GAMELIFT_STATSD_PORT) break;
  }
  child.stdout.resume();
  const endpoint = environment.AWS_ENDPOINT_URL_GAMELIFT;
  const post = async (path, headers, body) => {
    const response = await fetch(endpoint + path, { method: "POST", headers, body: JSON.stringify(body) });
    const text = await response.text();
    return { status: response.status, body: text.startsWith("{") ? JSON.parse(text) : text };
  };
  return {
    child, endpoint, environment,
    secret: environment.GAMELIFT_EMULATOR_SECRET,
    call: (operation, input, headers = {}) => post("/", { "X-Amz-Target": `GameLift.${operation}`, ...headers }, input),
    fault: (fault) => post("/_emulator/faults", { Authorization: `Bearer ${environment.GAMELIFT_EMULATOR_SECRET}` }, fault),
    stop: () => new Promise((gone) => { child.once("exit", gone); child.kill("SIGINT"); }),
  };
}

/** A server process: ready and healthy; it activates what it is given, after a while if told so, and ends when it is told to. */
export class Process {
  constructor(emulator, id, { port = 7777, activateAfter = 0, never = null, language = "Go" } = {}) {
    Object.assign(this, { emulator, id, port, activateAfter, never, language, pushes: [], requests: 0, replies: new Map() });
  }

  async open() {
    const env = this.emulator.environment;
    const query = new URLSearchParams({
      Authorization: env.GAMELIFT_SDK_AUTH_TOKEN, ComputeId: env.GAMELIFT_SDK_HOST_ID, FleetId: env.GAMELIFT_SDK_FLEET_ID,
      IdempotencyToken: this.id, pID: this.id, sdkLanguage: this.language, sdkVersion: "5.6.0",
    });
    this.socket = new WebSocket(`${env.GAMELIFT_SDK_WEBSOCKET_URL}/?${query}`);
    this.socket.on("message", (data) => this.hear(JSON.parse(data)));
    this.closed = new Promise((closed) => this.socket.once("close", closed));
    await new Promise((open, failed) => this.socket.once("open", open).once("error", failed));
    this.socket.on("error", () => {});
    return this;
  }

  async ready() {
    await this.open();
    await this.ask({ Action: "ActivateServerProcess", SdkVersion: "5.6.0", SdkLanguage: this.language, Port: this.port, LogPaths: null });
    await this.ask({ Action: "HeartbeatServerProcess", HealthStatus: true });
    return this;
  }

  ask(request) {
    const RequestId = `${this.id}-${(this.requests += 1)}`;
    return new Promise((answered) => {
      this.replies.set(RequestId, answered);
      this.socket.send(JSON.stringify({ ...request, RequestId }));
    });
  }

  hear(frame) {
    if (frame.RequestId) {
      this.replies.get(frame.RequestId)?.(frame);
      this.replies.delete(frame.RequestId);
      return;
    }
    this.pushes.push(frame);
    if (frame.Action === "CreateGameSession") {
      this.gameSession = frame.GameSessionId;
      if (frame.GameSessionName === this.never) return;
      setTimeout(() => this.ask({ Action: "ActivateGameSession", GameSessionId: this.gameSession }), this.activateAfter);
    } else if (frame.Action === "TerminateProcess") {
      this.ask({ Action: "TerminateServerProcess" }).then(() => this.socket.close());
    }
  }

  accept(PlayerSessionId) {
    return this.ask({ Action: "AcceptPlayerSession", GameSessionId: this.gameSession, PlayerSessionId });
  }

  remove(PlayerSessionId) {
    return this.ask({ Action: "RemovePlayerSession", GameSessionId: this.gameSession, PlayerSessionId });
  }
}

export const place = { FleetId: "fleet-local", Location: "custom-local" };

/** Waits until something is so. */
export async function until(what, check, limit = 60_000) {
  for (const end = Date.now() + limit; ; ) {
    const found = await check();
    if (found) return found;
    if (Date.now() > end) throw new Error(`not within ${limit} ms: ${what}`);
    await new Promise((wake) => setTimeout(wake, 25));
  }
}
