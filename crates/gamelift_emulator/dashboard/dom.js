// Small things that every part of the dashboard uses: elements, requests, words.

const secret = document.querySelector('meta[name="emulator-secret"]').content;

export const $ = (id) => document.getElementById(id);

/** An element; attributes that are false or null are left out, texts are always texts. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name === "on") for (const [event, run] of Object.entries(value)) element.addEventListener(event, run);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Makes the children of an element those of a list: kept by key, rebuilt only where they differ, the focus kept. */
export function patch(parent, items, key, build) {
  const old = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    const told = JSON.stringify(item);
    let child = old.get(name);
    old.delete(name);
    if (!child || child.told !== told) {
      const fresh = build(item);
      fresh.dataset.key = name;
      fresh.told = told;
      if (child) {
        const focused = child.contains(document.activeElement) ? document.activeElement : null;
        const at = focused === child ? -1 : focused ? [...child.querySelectorAll("button")].indexOf(focused) : null;
        if (child === place) place = child.nextElementSibling;
        child.replaceWith(fresh);
        if (at === -1) fresh.focus();
        else if (at !== null) (fresh.querySelectorAll("button")[at] ?? fresh.querySelector("button"))?.focus();
      }
      child = fresh;
    }
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
  }
  for (const gone of old.values()) gone.remove();
}

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

let silence;
/** Says something to everybody, also to a screen reader. */
export function say(message, problem = false) {
  const line = $("say");
  line.classList.toggle("problem", problem);
  line.textContent = message;
  clearTimeout(silence);
  silence = setTimeout(() => { line.textContent = ""; }, problem ? 8000 : 3500);
}

/** Calls the emulated AWS API, as any client would. */
export async function aws(operation, input) {
  const response = await fetch("/", {
    method: "POST",
    headers: { "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": `GameLift.${operation}` },
    body: JSON.stringify(input),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${(answer.__type ?? "").split("#").pop()}: ${answer.message ?? answer.Message ?? ""}`);
  return answer;
}

/** Calls a control route with the run's secret. */
export async function control(route, body, signal) {
  const response = await fetch(`/_emulator/${route}`, {
    method: "POST",
    headers: { Authorization: `Bearer ${secret}`, "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal,
  });
  if (!response.ok) throw new Error((await response.text()).trim());
  return response;
}

/** Does something that may fail, and says how it ended. */
export async function attempt(done, run) {
  try {
    await run();
    say(done);
    return true;
  } catch (error) {
    say(error.message, true);
    return false;
  }
}

export const clock = (millis) => new Date(millis).toLocaleTimeString([], { hour12: false });
export const preciseClock = (millis) => `${clock(millis)}.${String(millis % 1000).padStart(3, "0")}`;

/** A length of time, as short as it can be read. */
export function lasted(millis) {
  if (millis < 10_000) return `${millis.toLocaleString()} ms`;
  if (millis < 600_000) return `${(millis / 1000).toFixed(1)} s`;
  return `${Math.round(millis / 60_000)} min`;
}

/** The last part of an ARN. */
export const lastPart = (arn) => (arn ?? "").split("/").pop();
export const nameOf = (name, arn) => name || lastPart(arn);

const MOODS = {
  ACTIVE: "good", FREE: "good", FULFILLED: "good", HOSTING: "busy", ACTIVATING: "busy", RESERVED: "busy", READY: "busy", RETURNING: "busy",
  CONNECTED: "busy", PENDING: "busy", TERMINATING: "warn", ENDING: "warn", LOST: "bad", FAILED: "bad", TIMED_OUT: "bad",
};
export const pill = (status) => el("span", { class: `pill ${MOODS[status] ?? ""}` }, status.replace("_", " ").toLowerCase());
