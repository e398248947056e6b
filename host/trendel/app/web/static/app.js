"use strict";
import { HostSource } from "/source.js";

const $ = (id) => document.getElementById(id);
const SIDES = ["left", "right"];
const EXAGGERATED = 2;
const still = matchMedia("(prefers-reduced-motion: reduce)");

const number = (value, decimals) => (value === null || value === undefined ? "-" : value.toFixed(decimals));
const signed = (value) => (value > 0 ? "+" : value < 0 ? "\u2212" : "\u00b1") + Math.abs(value).toFixed(1);
const clock = (s) => {
  const t = Math.floor(s), h = Math.floor(t / 3600), m = Math.floor((t % 3600) / 60);
  const two = (n) => String(n).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(t % 60)}` : `${m}:${two(t % 60)}`;
};
function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// What is shown

let limits = [1, 1.2, 3.5];
let wanted = null; // obliquity, degrees
let shown = 0;

function figures(f) {
  put($("time"), clock(f.now_s));
  put($("doing"), f.doing === "unknown" ? "" : f.doing);
  put($("cadence"), number(f.cadence_spm, 0));
  put($("oscillation"), number(f.oscillation_mm, 0));
  put($("contact"), number(f.contact_ms, 0));
  SIDES.forEach((side, k) => {
    const tile = $(side), change = f.change_deg[k];
    put(tile.querySelector(".value"), number(f.sink_deg[k], 1));
    const learning = f.phase === "settling" ? "settling in" : f.phase === "learning" ? "learning what fresh is" : "";
    const known = change !== null && f.phase === "watching";
    put(tile.querySelector(".change"), known ? `${signed(change)}\u00b0 against fresh` : f.doing === "running" ? learning : "");
    tile.classList.toggle("warning", known && change >= limits[1]);
    tile.classList.toggle("notice", known && change >= limits[0] && change < limits[1]);
  });
  const [left, right] = f.baseline_deg;
  ghost("ghost-left", left);
  ghost("ghost-right", right === null ? null : -right);
  if (f.arrived_ms) {
    requestAnimationFrame(() => dispatchEvent(new CustomEvent("trendel:shown", { detail: Date.now() - f.arrived_ms })));
  }
}

function ghost(id, degrees) {
  $(id).style.visibility = degrees === null ? "hidden" : "visible";
  if (degrees !== null) $(id).setAttribute("transform", `rotate(${(EXAGGERATED * degrees).toFixed(2)})`);
}

// Seen from behind, left is left; with the left side higher it turns clockwise.
let running = false;
function frame() {
  shown += (wanted - shown) * 0.35;
  $("bone").setAttribute("transform", `rotate(${(EXAGGERATED * shown).toFixed(2)})`);
  running = Math.abs(wanted - shown) > 0.02;
  if (running) requestAnimationFrame(frame);
}

function pose(p) {
  if (wanted === null) put($("pose-note"), "the pelvis from behind, twice as steep as it is; dashed: when fresh");
  wanted = p.obliquity_deg;
  if (wanted === null || still.matches) return;
  if (!running) {
    running = true;
    requestAnimationFrame(frame);
  }
}

function say(sentence) {
  put($("said"), sentence);
}

const link = { computer: "connecting", clip: "", sentence: "" };
function showLink() {
  const chip = $("link");
  const gone = link.computer !== "open";
  chip.className = `chip ${gone ? "gone" : link.clip}`;
  const texts = { connecting: "connecting", gone: "no connection to the computer", refused: "wrong token" };
  put(chip, gone ? texts[link.computer] : `clip ${link.clip || "awaited"}`);
  if (gone || link.clip !== "connected") {
    $("bone").style.opacity = 0.35;
  } else {
    $("bone").style.opacity = 1;
  }
}

// Alerts: seen, heard, spoken

let sound = localStorage.getItem("trendel-sound") !== "off";
let audio = null;

function showSound() {
  const waiting = sound && (audio === null || audio.state !== "running");
  $("sound").setAttribute("aria-pressed", String(sound));
  $("sound").firstChild.textContent = sound ? (waiting ? "Sound: press a key " : "Sound on ") : "Sound off ";
}

// Browsers give sound only after the page was touched once.
function wake() {
  if (!sound) return;
  audio = audio || new AudioContext();
  audio.resume().then(showSound, showSound);
}

function beep(level) {
  if (audio === null || audio.state !== "running") return;
  const notes = { notice: [660], warning: [880, 660], stop: [880, 880, 880, 660] }[level] || [660];
  notes.forEach((pitch, k) => {
    const tone = audio.createOscillator(), gain = audio.createGain(), at = audio.currentTime + 0.28 * k;
    tone.frequency.value = pitch;
    gain.gain.setValueAtTime(0.0001, at);
    gain.gain.exponentialRampToValueAtTime(0.5, at + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.0001, at + 0.25);
    tone.connect(gain).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.26);
  });
}

// Only with a voice of this device: others send what they say to a server.
function speak(text) {
  if (!("speechSynthesis" in window)) return;
  const voice = speechSynthesis.getVoices().find((v) => v.localService && v.lang.toLowerCase().startsWith("en"));
  if (voice === undefined) return;
  speechSynthesis.cancel();
  const words = new SpeechSynthesisUtterance(text);
  words.voice = voice;
  words.lang = voice.lang;
  speechSynthesis.speak(words);
}

const RANK = { notice: 0, warning: 1, stop: 2 };
const STAYS_MS = { notice: 45000, warning: 120000 }; // a stop stays until it is put away
let away = 0;
const SYMBOLS = { notice: "\u25c7", warning: "\u25b2", stop: "\u25a0" };
function alerted(a, fresh) {
  const box = $("alert");
  if (fresh && sound) {
    beep(a.level);
    speak(`${a.message} ${a.action}`);
  }
  if (box.childElementCount && RANK[box.className] > RANK[a.level] && box.className === "stop") {
    say(a.message); // nothing covers a stop
    return;
  }
  clearTimeout(away);
  if (STAYS_MS[a.level]) away = setTimeout(() => box.replaceChildren(), STAYS_MS[a.level]);
  box.className = a.level;
  box.replaceChildren();
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = "OK";
  close.onclick = () => box.replaceChildren();
  const message = document.createElement("p"), action = document.createElement("p");
  message.textContent = `${SYMBOLS[a.level] || ""} ${a.level.toUpperCase()}: ${a.message}`;
  action.textContent = `${fresh ? "Now" : `At ${clock(a.time_s)}`}: ${a.action}`;
  box.append(close, message, action);
}

// What arrives

const take = {
  hello: (m) => { limits = m.limits_deg; },
  link: (m) => { link.clip = m.state; link.sentence = m.sentence; showLink(); say(m.sentence); },
  figures, pose,
  alert: (m) => alerted(m, true),
  past: (m) => { if (!$("alert").childElementCount) alerted(m, false); },
  notice: (m) => say(m.sentence),
  event: (m) => say(m.sentence),
  marker: (m) => say(m.pain === null ? `marked: ${m.label}` : `pain ${m.pain} noted`),
  recording: (m) => {
    recording = m.name !== null;
    $("record").setAttribute("aria-pressed", String(recording));
    $("record").firstChild.textContent = recording ? "Stop recording " : "Record ";
    if (recording || m.sentence) say(recording ? `recording ${m.name}` : m.sentence);
  },
  end: (m) => { link.clip = "ended"; showLink(); say(`The run has ended: ${m.reason}.`); },
};
let recording = false;

export function start(source) {
  const send = (object) => { if (!source.send(object)) say("Not sent: no connection to the computer."); };
  source.start({
    state(name, sentence) {
      link.computer = name;
      showLink();
      if (sentence) say(sentence);
    },
    message(object) {
      if (Object.hasOwn(take, object.type)) take[object.type](object);
    },
  });
  const dialog = $("pain-dialog");
  for (let level = 0; level <= 10; level += 1) {
    const button = document.createElement("button");
    button.value = button.textContent = String(level);
    $("levels").append(button);
  }
  const hurts = (level) => send({ type: "pain", level: Number(level) });
  dialog.querySelector("form").addEventListener("submit", (event) => {
    if (event.submitter !== null && event.submitter.value !== "") hurts(event.submitter.value);
  });
  const actions = {
    m: () => send({ type: "mark", label: "" }),
    p: () => dialog.showModal(),
    r: () => send({ type: "record", on: !recording }),
    s: () => {
      sound = !sound;
      localStorage.setItem("trendel-sound", sound ? "on" : "off");
      if (!sound && "speechSynthesis" in window) speechSynthesis.cancel();
      wake();
      showSound();
    },
  };
  $("mark").onclick = actions.m;
  $("pain").onclick = actions.p;
  $("record").onclick = actions.r;
  $("sound").onclick = actions.s;
  addEventListener("keydown", (event) => {
    wake();
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (dialog.open) {
      if (/^[0-9]$/.test(event.key)) {
        dialog.close();
        hurts(event.key);
      }
      return;
    }
    const action = actions[event.key.toLowerCase()];
    if (action) { event.preventDefault(); action(); }
  });
  addEventListener("pointerdown", wake);
  showLink();
  showSound();
}

start(new HostSource(`ws://${location.host}/live`, location.hash.slice(1)));
