/** The scan desk: joins scanner, journal, outbox and page. Without it the page is a plain form. */

import { otherScanPages } from "./device.js";
import { anotherOrder, knownHere, readAsked, showAsked, watchAsked } from "./scan/asks.js";
import { commandIn } from "./scan/barcode.js";
import { recall, remember } from "./scan/desk-mode.js";
import { heldHere, refreshIfOld, watchHeld } from "./scan/held.js";
import { openJournal } from "./scan/journal.js";
import { readScanner } from "./scan/keyboard.js";
import { FORM, isKnown } from "./scan/modes.js";
import { Outbox } from "./scan/outbox.js";
import { send } from "./scan/requests.js";
import { SignInWatch } from "./scan/sign-in.js";
import { offerSound, play } from "./scan/sound.js";
import { View } from "./scan/view.js";

/** @typedef {import("./scan/modes.js").Scan} Scan */

const desk = document.getElementById("scan");
const form = document.getElementById("scan-form");
const modes = [...desk.querySelectorAll('input[name="mode"]')];
const [firstMode] = modes;
const store = form.elements.store;
const sound = document.getElementById("scan-sound");
const view = new View(modes);
const journal = openJournal();
const madeHere = new Set();
let lastOrder = 0;

const watch = new SignInWatch({
  user: desk.dataset.user,
  onBack: async () => (await outbox).retryNow(),
  // What is kept on this device outlives the page; where the browser keeps nothing, the person decides.
  onOther: async () => ((await journal).durable ? location.reload() : view.showOtherPerson()),
});

const outbox = journal.then((opened) => new Outbox({
  journal: opened,
  send,
  onKept: (scan) => view.addScan(scan),
  onAnswer: (scan, answer) => {
    view.showAnswer(scan, answer);
    document.body.dispatchEvent(new Event("scan-answered"));
    play(sound, (answer.outcome === "accepted" || answer.outcome === "duplicate") && answer.holds.length === 0 && !answer.warned);
  },
  onChange: (network, waiting) => {
    view.showNetwork(network, waiting, opened.durable);
    watch.watch(network === "sign-in" || network === "reload");
    if (network === "ready") {
      refreshIfOld();
    }
  },
}));

/** crypto.randomUUID exists only where the page came by HTTPS or from this very machine. */
function newId() {
  if (crypto.randomUUID) {
    return crypto.randomUUID();
  }
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function chosenMode() {
  return modes.find((radio) => radio.checked).value;
}

/** @returns {Scan} */
function newScan(barcode, leftOut, asked) {
  lastOrder = Math.max(lastOrder + 1, Date.now());
  return {
    id: newId(),
    user: desk.dataset.user,
    mode: chosenMode(),
    store: store.value,
    barcode,
    leftOut,
    asked,
    warning: anotherOrder(barcode, asked) || knownHere(barcode, chosenMode()),
    held: heldHere(barcode, chosenMode()),
    form: FORM,
    scannedAt: new Date().toISOString(),
    order: lastOrder,
  };
}

function take(barcode, leftOut) {
  const command = commandIn(barcode);
  if (command) {
    obey(command);
    return;
  }
  const { asked, missing } = readAsked(chosenMode());
  if (missing) {
    view.addNote(barcode, "Not taken", missing.dataset.needed);
    play(sound, false);
    missing.focus();
    return;
  }
  const scan = newScan(barcode, leftOut, asked);
  if (scan.warning || scan.held) {
    play(sound, false);
  }
  madeHere.add(scan.id);
  outbox.then((opened) => opened.add(scan));
  keep();
}

/** A command barcode chooses a mode, so that gloves need no mouse. */
function obey(command) {
  const choice = modes.find((radio) => radio.dataset.command === command);
  if (choice) {
    choose(choice);
  } else {
    const why = "It is not one that this page knows, or your role may not do it. Nothing was changed.";
    view.addNote(command, "Not a command", why);
  }
}

function choose(choice) {
  choice.checked = true;
  view.showMode(choice);
  showAsked(choice.value);
  view.tellMode("");
  view.announce(`Now: ${choice.dataset.text}`);
  keep();
}

function keep() {
  remember({ user: desk.dataset.user, mode: chosenMode(), store: store.value });
}

/** A reload, or power that came back, finds the desk as it was; another person, or a later hour, starts afresh. */
function begin() {
  const last = recall(desk.dataset.user);
  // A page that the device kept was kept as it begins, whatever its address asks for now.
  const wanted = new URLSearchParams(location.search).get("mode") ?? last.mode;
  const choice = modes.find((radio) => radio.value === wanted) ?? modes.find((radio) => radio.defaultChecked);
  // A browser may have ticked again what an earlier page had chosen.
  choice.checked = true;
  view.showMode(choice);
  showAsked(choice.value);
  if ([...(store.options ?? [])].some((option) => option.value === last.store)) {
    store.value = last.store;
  }
  view.tellMode(beginning(choice, last), choice === firstMode ? null : () => choose(firstMode));
  view.announce(`Each scan now does: ${choice.dataset.text}.`);
  if (last.because) {
    keep();
  }
}

function beginning(choice, { mode, minutes, left, because }) {
  const name = `“${choice.dataset.text}”`;
  if (choice !== firstMode) {
    const ago = minutes === 1 ? "1 minute ago" : `${minutes} minutes ago`;
    return mode ? `Still ${name}, as you left it ${minutes ? ago : "just now"}.` : `This page begins with ${name}.`;
  }
  if (because === "person") {
    return `Somebody else worked here before you. You begin with ${name}.`;
  }
  return because === "time" && left !== firstMode.value ? `You were away for a while. You begin again with ${name}.` : "";
}

/** Scans that an earlier page could not send. Another user's stay where they are: never under the wrong name. */
async function restore() {
  const left = (await (await journal).all()).filter((scan) => !madeHere.has(scan.id));
  lastOrder = Math.max(lastOrder, ...left.map((scan) => scan.order));
  const mine = left.filter((scan) => scan.user === desk.dataset.user && isKnown(scan));
  mine.forEach((scan) => view.addScan(scan));
  view.showOthers(left.filter((scan) => !mine.includes(scan)));
  (await outbox).restore(mine);
}

/** Without a network no list leads to them. */
async function offerOtherPages() {
  view.showOtherPages(await otherScanPages());
}

async function lookAgain() {
  (await outbox).retryNow();
}

readScanner(document.getElementById("barcode"), take);
watchAsked((barcode) => take(barcode, ""));
watchHeld();
modes.forEach((radio) => radio.addEventListener("change", () => choose(radio)));
store.addEventListener("change", keep);
window.addEventListener("online", lookAgain);
window.addEventListener("focus", lookAgain);
// A page that the browser kept aside may be of a sign-in that has ended.
window.addEventListener("pageshow", (event) => event.persisted && location.reload());
offerSound(sound);
begin();
restore();
offerOtherPages();
