// The page of the cab. It draws what the unit says, once a second, and hands on what fingers do. Whatever the unit did not
// take stays in this tablet's own storage, with the time of the finger, and is handed on again.

import { words } from "/words.js";

const EVERY_MS = 1000;
const HOLD_MS = 1500;
const TWICE_MS = 4000;
const OLD_S = 180; // an arrival time older than this is called old
const STATUSES = ["en-route", "on-scene", "patient-aboard", "at-hospital", "handed-over", "available", "out-of-service"];
const REASONS = ["vehicle", "crew", "busy", "road"];

const $ = (id) => document.getElementById(id);
const kept = (name, fallback) => {
  try {
    return JSON.parse(localStorage.getItem(name)) ?? fallback;
  } catch {
    return fallback;
  }
};
const keep = (name, value) => {
  try {
    localStorage.setItem(name, JSON.stringify(value));
  } catch {
    // a browser without storage: this page's memory has to do
  }
};

let state = null; // as the unit said it last
let heardAt = 0; // performance.now() of that
let lost = false;
let language = kept("language", "id");
let light = kept("light", "auto");
let queue = kept("queue", []); // {path, body, at}: not taken by the unit yet
let sending = false;

const say = (key, values = {}) =>
  (words[language][key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
const show = (id, text) => {
  const element = $(id);
  if (element.textContent !== text) element.textContent = text;
};
const unitNow = () => (state ? Date.parse(state.now) + (performance.now() - heardAt) : Date.now());
const clock = (ms) =>
  new Date(ms).toLocaleTimeString(language === "id" ? "id-ID" : "en-GB", { hour: "2-digit", minute: "2-digit" });
const age = (seconds) => {
  const s = Math.max(0, Math.round(seconds));
  if (s < 90) return say("age.s", { n: s });
  return s < 5400 ? say("age.min", { n: Math.round(s / 60) }) : say("age.h", { n: Math.round(s / 3600) });
};

// What fingers do

const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(8)), (b) => b.toString(16).padStart(2, "0")).join("");

function press(path, body) {
  queue.push({ path, body: { ...body, press: newId() }, at: Date.now() });
  keep("queue", queue);
  draw();
  void send();
}

async function send() {
  if (sending) return;
  sending = true;
  try {
    while (queue.length > 0) {
      const next = queue[0];
      const body = { ...next.body };
      if ("press" in body) body.ago_s = Math.max(0, (Date.now() - next.at) / 1000);
      const answer = await ask(next.path, body);
      if (answer.status === 401) return openDoor();
      if (answer.status >= 500) return;
      queue = queue.filter((each) => each !== next); // taken, or refused for good: the unit says how it stands
      keep("queue", queue);
      if (answer.ok) heard(await answer.json());
    }
  } catch {
    lost = true; // no unit: the queue stays
  } finally {
    sending = false;
    draw();
  }
}

const ask = (path, body) =>
  fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Sigap-Cab": "1" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(5000),
  });

// What the unit says

function heard(said) {
  state = said;
  heardAt = performance.now();
  lost = false;
  keep("state", said);
}

async function look() {
  try {
    const answer = await fetch("/api/state", { signal: AbortSignal.timeout(5000) });
    if (answer.status === 401) openDoor();
    else if (answer.ok) heard(await answer.json());
    else lost = true;
  } catch {
    lost = true;
  }
  draw();
  if (!lost && queue.length > 0) void send();
}

// Drawing

function draw() {
  document.documentElement.lang = language;
  document.documentElement.dataset.light = light;
  for (const [id, key] of [
    ["language", "language"], ["light", `light.${light}`], ["mission-title", "mission"], ["no-mission", "mission.none"],
    ["status-title", "status"], ["talk-title", "messages"], ["history-title", "history"], ["accept", "accept"],
    ["refuse", "refuse"], ["why-title", "why"], ["other-label", "why.other"], ["why-send", "why.send"],
    ["why-cancel", "why.cancel"], ["door-title", "door"], ["pin-label", "door.pin"], ["enter", "door.enter"],
    ["lost", "lost"], ["unkept", "unkept"],
  ]) show(id, say(key));
  $("lost").hidden = !lost;
  $("unkept").hidden = !state || state.kept;
  show("unit", state?.unit ?? "SIGAP");
  show("clock", clock(unitNow()));
  drawLamps();
  drawMission();
  drawStatuses();
  drawMessages();
  drawAlarm();
}

function drawLamps() {
  const lamp = (name, good, text) => ({ name, good, text });
  const known = state && !lost;
  const centre = known ? (state.broker ? state.centre : false) : null;
  const gnss = known ? state.gnss.state === "ok" : null;
  const lamps = [
    lamp("network", known ? state.broker : null, say(known ? (state.broker ? "lamp.yes" : "lamp.no") : "lamp.unknown")),
    lamp("centre", centre, say(known && state.broker ? (state.centre ? "lamp.yes" : state.centre === null ? "lamp.unknown" : "lamp.no") : known ? "lamp.no" : "lamp.unknown")),
    lamp("gnss", gnss, say(known ? (gnss ? "lamp.yes" : "lamp.no-fix") : "lamp.unknown")),
    lamp("clock", known ? state.clock === "gnss" : null, say(known ? (state.clock === "gnss" ? "lamp.gnss-time" : "lamp.system-time") : "lamp.unknown")),
  ];
  const list = $("lamps");
  while (list.children.length < lamps.length) list.append(document.createElement("li"));
  lamps.forEach((each, at) => {
    const item = list.children[at];
    item.dataset.good = String(each.good);
    const text = `${say(`lamp.${each.name}`)}: ${each.text}`;
    if (item.textContent !== text) item.textContent = text;
    item.title = each.name === "gnss" && known ? state.gnss.detail ?? "" : "";
  });
}

function drawMission() {
  const card = state?.mission ?? null;
  $("card").hidden = card === null;
  $("no-mission").hidden = card !== null;
  if (card === null) return;
  const onward = card.state === "transporting" || card.state === "arrived";
  const next = card.stops[Math.min(onward ? 1 : 0, card.stops.length - 1)];
  const later = card.stops[card.stops.indexOf(next) + 1];
  show("urgency", say(`urgency.${card.urgency}`));
  $("urgency").dataset.urgency = card.urgency;
  const place = next.name || `${next.latitude.toFixed(5)}, ${next.longitude.toFixed(5)}`;
  show("destination", `${say(next.leg)}: ${place}`);
  show("onward", later ? say("then", { place: later.name || say(later.leg) }) : "");
  show("notes", card.notes);
  drawArrival(card.eta);
  const answered = pendingAnswer(card.mission) ?? card.answer;
  show("answered", answered ? say(`answered.${answered}`) : "");
  $("answers").hidden = answered !== "" && answered !== null;
}

const pendingAnswer = (mission) => {
  const found = queue.find((each) => each.path === "/api/answer" && each.body.mission === mission);
  return found ? (found.body.accepted ? "accepted" : "refused") : null;
};

function drawArrival(eta) {
  const now = unitNow();
  $("arrival").dataset.old = "false";
  if (!eta) {
    show("eta", say("eta.none"));
    show("eta-span", "");
    show("eta-age", "");
    return;
  }
  const at = Date.parse(eta.at);
  const seconds = (now - at) / 1000;
  const left = eta.p50 - seconds;
  const old = seconds > OLD_S;
  show("eta", `${clock(at + eta.p50 * 1000)} · ${left < 45 ? say("eta.now") : say("eta.minutes", { minutes: Math.round(left / 60) })}`);
  show("eta-span", say("eta.span", { from: clock(at + eta.p10 * 1000), to: clock(at + eta.p90 * 1000) }));
  show("eta-age", say(old ? "eta.old" : "eta.age", { age: age(seconds) }));
  $("arrival").dataset.old = String(old);
}

const buttons = new Map();
for (const status of STATUSES) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "big status";
  button.dataset.status = status;
  button.append(document.createElement("span"), document.createElement("small"));
  button.addEventListener("click", () => press("/api/status", { status }));
  buttons.set(status, button);
  $("buttons").append(button);
}

function drawStatuses() {
  const here = queue.filter((each) => each.path === "/api/status");
  const current = here.at(-1)?.body.status ?? state?.status ?? null;
  const said = (state?.presses ?? []).filter((each) => each.kind === "status").at(-1);
  for (const [status, button] of buttons) {
    const is = status === current;
    button.setAttribute("aria-pressed", String(is));
    const where = !is ? "" : here.length > 0 ? "here" : said?.value === status ? (said.received ? "received" : "pending") : "";
    button.dataset.where = where;
    const [name, below] = button.children;
    if (name.textContent !== say(status)) name.textContent = say(status);
    const text = where ? `${where === "received" ? "✓ " : "… "}${say(where)}` : "";
    if (below.textContent !== text) below.textContent = text;
  }
  const waiting = (state?.waiting ?? 0) + queue.length;
  show("waiting", waiting ? say("waiting", { n: waiting }) : say("waiting.none"));
  $("waiting").dataset.waiting = String(waiting > 0);
  const list = $("presses");
  const items = (state?.presses ?? []).toReversed().map((each) => ({
    key: `${each.id}${each.received}${language}`,
    text: `${clock(Date.parse(each.at))} ${say(each.value)} — ${say(each.received ? "received" : "pending")}`,
  }));
  drawList(list, items, "li");
}

function drawList(list, items, tag) {
  const key = items.map((each) => each.key).join();
  if (list.dataset.key === key) return;
  list.dataset.key = key;
  list.replaceChildren(
    ...items.map((each) => {
      const item = document.createElement(tag);
      item.textContent = each.text;
      return item;
    }),
  );
}

function drawMessages() {
  const read = new Set(queue.filter((each) => each.path === "/api/read").map((each) => each.body.message));
  const messages = (state?.messages ?? []).toReversed().slice(0, 5);
  const key = messages.map((each) => `${each.id}${each.read || read.has(each.id)}`).join() + language;
  const box = $("messages");
  if (box.dataset.key === key) return;
  box.dataset.key = key;
  if (messages.length === 0) {
    const none = document.createElement("p");
    none.textContent = say("messages.none");
    box.replaceChildren(none);
    return;
  }
  box.replaceChildren(
    ...messages.map((each) => {
      const article = document.createElement("article");
      const text = document.createElement("p");
      text.textContent = `${clock(Date.parse(each.at))} ${each.urgent ? `${say("messages.urgent")}: ` : ""}${each.text}`;
      article.dataset.urgent = String(each.urgent);
      article.append(text);
      if (!each.read && !read.has(each.id)) {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "tool";
        button.textContent = say("messages.read");
        button.addEventListener("click", () => {
          queue.push({ path: "/api/read", body: { message: each.id }, at: Date.now() });
          keep("queue", queue);
          draw();
          void send();
        });
        article.append(button);
      }
      return article;
    }),
  );
}

// The emergency: hold it, or tap twice. One tap alone is an elbow.

let armed = -Infinity; // performance.now() of the first tap
let safeArmed = -Infinity;
let holding = 0;
let raisedByHold = false;

function drawAlarm() {
  const here = queue.filter((each) => each.path === "/api/emergency").at(-1);
  const raised = here ? here.body.raised : Boolean(state?.emergency);
  const seen = !here && Boolean(state?.emergency?.acknowledged);
  const isArmed = performance.now() - armed < TWICE_MS;
  const button = $("emergency");
  button.dataset.state = raised ? (seen ? "seen" : "raised") : isArmed ? "armed" : "calm";
  show("emergency", isArmed && !raised ? say("emergency.again") : say("emergency"));
  const received = !here && state?.emergency?.received && !lost;
  const text = !raised ? say("emergency.how") : seen ? say("emergency.seen") : received ? say("emergency.raised") : say("emergency.waiting");
  show("alarm-said", text);
  $("alarm").dataset.state = button.dataset.state;
  $("safe").hidden = !raised;
  show("safe", performance.now() - safeArmed < TWICE_MS ? say("safe.again") : say("safe"));
}

function raise() {
  armed = -Infinity;
  press("/api/emergency", { raised: true });
}

const emergency = $("emergency");
const release = () => clearTimeout(holding);
emergency.addEventListener("pointerdown", () => {
  raisedByHold = false;
  holding = setTimeout(() => {
    raisedByHold = true;
    raise();
  }, HOLD_MS);
});
for (const end of ["pointerup", "pointerleave", "pointercancel"]) emergency.addEventListener(end, release);
emergency.addEventListener("contextmenu", (event) => event.preventDefault());
emergency.addEventListener("click", () => {
  if (raisedByHold) return;
  if (performance.now() - armed < TWICE_MS) raise();
  else {
    armed = performance.now();
    setTimeout(draw, TWICE_MS);
    draw();
  }
});
$("safe").addEventListener("click", () => {
  if (performance.now() - safeArmed < TWICE_MS) {
    safeArmed = -Infinity;
    press("/api/emergency", { raised: false });
  } else {
    safeArmed = performance.now();
    setTimeout(draw, TWICE_MS);
    draw();
  }
});

// Accepting and refusing

let chosen = "";
$("accept").addEventListener("click", () => press("/api/answer", { mission: state.mission.mission, accepted: true }));
$("refuse").addEventListener("click", () => {
  chosen = "";
  $("other").value = "";
  $("reasons").replaceChildren(
    ...REASONS.map((reason) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "big";
      button.textContent = say(`reason.${reason}`);
      button.setAttribute("aria-pressed", "false");
      button.addEventListener("click", () => {
        chosen = button.textContent;
        for (const each of $("reasons").children) each.setAttribute("aria-pressed", String(each === button));
        reasonGiven();
      });
      return button;
    }),
  );
  reasonGiven();
  $("why").showModal();
});
const reason = () => [chosen, $("other").value.trim()].filter(Boolean).join("; ");
const reasonGiven = () => ($("why-send").disabled = reason() === "");
$("other").addEventListener("input", reasonGiven);
$("why-send").addEventListener("click", () => {
  press("/api/answer", { mission: state.mission.mission, accepted: false, reason: reason() });
  $("why").close();
});

// The door

function openDoor() {
  if (!$("door").open) $("door").showModal();
}
$("door-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const answer = await ask("/api/enter", { pin: $("pin").value });
    if (answer.ok) {
      $("door").close();
      show("door-said", "");
      await look();
    } else show("door-said", (await answer.json()).detail);
  } catch {
    show("door-said", say("lost"));
  }
  $("pin").value = "";
});
$("door").addEventListener("cancel", (event) => event.preventDefault());

// Language and light

$("language").addEventListener("click", () => {
  language = language === "id" ? "en" : "id";
  keep("language", language);
  draw();
});
$("light").addEventListener("click", () => {
  light = { auto: "day", day: "night", night: "auto" }[light];
  keep("light", light);
  draw();
});

state = kept("state", null); // what was known when this page was open last, until the unit speaks
if (state) state.now = new Date().toISOString();
heardAt = performance.now();
lost = state !== null;
draw();
void look();
setInterval(() => void look(), EVERY_MS);
if ("serviceWorker" in navigator) void navigator.serviceWorker.register("/worker.js").catch(() => undefined);
