/** The scan desk: joins scanner, journal, outbox and page. Without it the page is a plain form. */

import { openJournal } from "./scan/journal.js";
import { readScanner } from "./scan/keyboard.js";
import { passing } from "./scan/memory.js";
import { Outbox } from "./scan/outbox.js";
import { send } from "./scan/requests.js";
import { offerSound, play } from "./scan/sound.js";
import { View } from "./scan/view.js";

/** @typedef {import("./scan/modes.js").Scan} Scan */

const COMMAND = /^CMD-/i;
const REMEMBERED = "stores-scan-desk";

const desk = document.getElementById("scan");
const form = document.getElementById("scan-form");
const modes = [...desk.querySelectorAll('input[name="mode"]')];
const store = form.elements.store;
const sound = document.getElementById("scan-sound");
const view = new View();
const journal = openJournal();
const madeHere = new Set();
let lastOrder = 0;

const outbox = journal.then((opened) => new Outbox({
  journal: opened,
  send,
  onAnswer: (scan, answer) => {
    view.showAnswer(scan, answer);
    play(sound, (answer.outcome === "accepted" || answer.outcome === "duplicate") && answer.holds.length === 0);
  },
  onChange: (network, waiting) => view.showNetwork(network, waiting, opened.durable),
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
function newScan(barcode) {
  lastOrder = Math.max(lastOrder + 1, Date.now());
  return {
    id: newId(),
    user: desk.dataset.user,
    mode: chosenMode(),
    store: store.value,
    barcode,
    scannedAt: new Date().toISOString(),
    order: lastOrder,
  };
}

function take(barcode) {
  if (COMMAND.test(barcode)) {
    obey(barcode);
    return;
  }
  const scan = newScan(barcode);
  madeHere.add(scan.id);
  outbox.then((opened) => opened.add(scan));
  view.addScan(scan);
}

/** A command barcode chooses a mode, so that gloves need no mouse. */
function obey(command) {
  const choice = modes.find((radio) => radio.dataset.command === command.toUpperCase());
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
  view.announce(`Now: ${choice.parentElement.textContent.trim()}`);
  remember();
}

function remember() {
  passing.write(REMEMBERED, JSON.stringify({ user: desk.dataset.user, mode: chosenMode(), code: store.value }));
}

/** A reload, or power that came back, finds the desk as it was; another user of the tab starts afresh. */
function recall() {
  const { user, mode, code } = JSON.parse(passing.read(REMEMBERED) ?? "{}");
  if (user !== desk.dataset.user) {
    return;
  }
  const choice = modes.find((radio) => radio.value === mode);
  if (choice) {
    choice.checked = true;
    view.showMode(choice);
  }
  if ([...store.options].some((option) => option.value === code)) {
    store.value = code;
  }
}

/** Scans that an earlier page could not send. Another user's stay where they are: never under the wrong name. */
async function restore() {
  const left = (await (await journal).all()).filter((scan) => !madeHere.has(scan.id));
  lastOrder = Math.max(lastOrder, ...left.map((scan) => scan.order));
  const mine = left.filter((scan) => scan.user === desk.dataset.user);
  mine.forEach((scan) => view.addScan(scan));
  view.showOthers(left.filter((scan) => scan.user !== desk.dataset.user));
  (await outbox).restore(mine);
}

readScanner(document.getElementById("barcode"), take);
modes.forEach((radio) => radio.addEventListener("change", () => choose(radio)));
store.addEventListener("change", remember);
window.addEventListener("online", async () => (await outbox).retryNow());
window.addEventListener("focus", async () => (await outbox).retryNow());
offerSound(sound);
recall();
restore();
