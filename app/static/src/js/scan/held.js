/** Which items are held, as far as this device knows, and how old that knowledge is. What is not known is never taken for safe. */

import { forPeople } from "./barcode.js";

const LIST = "/api/v1/held-items";
const PATIENCE_MS = 20_000;
const AGAIN_MS = 5 * 60_000;
const DAY_MS = 24 * 60 * 60_000;
/** A list that comes from the future says that this device's clock is wrong, so its age is not known. */
const AHEAD_MS = 60 * 60_000;

/** Modes in which an item leaves for somebody, or for the shelf from which it may. */
const GIVES_OUT = new Set(["deliver", "release", "send_consignment"]);

const plain = (barcode) => forPeople(barcode).replaceAll("-", "");

/** @type {{asOf: number, items: Map<string, string[]>} | null} */
let list = null;
let asked = 0;

const isCurrent = () => list !== null && Date.now() - list.asOf < DAY_MS && list.asOf - Date.now() < AHEAD_MS;

/**
 * @param {string} barcode @param {string} mode
 * @returns {string} that the list has it; where an item is given out, that it is not known whether it is held; or nothing
 */
export function heldHere(barcode, mode) {
  const said = list?.items.get(plain(barcode));
  if (said) {
    return `${said.join(" ")} ${asOf()}`;
  }
  if (isCurrent() || !GIVES_OUT.has(mode)) {
    return "";
  }
  const why = list ? `${asOf()} That is too old.` : "There is no list of held items on this device.";
  return `Not known whether it is held. ${why} Ask the store before you hand it over.`;
}

/** Loads the list, shows its age, and looks for a newer one from time to time. */
export function watchHeld() {
  refresh();
  addEventListener("online", refresh);
  setInterval(refreshIfOld, AGAIN_MS);
}

/** The network is back, or still there. */
export function refreshIfOld() {
  if (Date.now() - asked >= AGAIN_MS) {
    refresh();
  } else {
    show();
  }
}

async function refresh() {
  asked = Date.now();
  try {
    const options = { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(PATIENCE_MS) };
    const response = await fetch(LIST, options);
    if (response.ok) {
      list = { asOf: Date.parse(response.headers.get("Date")) || 0, items: byBarcode(await response.json()) };
    }
  } catch {
    // As it was, and as old as it is.
  }
  show();
}

function byBarcode({ groups }) {
  const items = new Map();
  for (const { text, next_text: next, barcodes } of groups) {
    for (const barcode of barcodes.split(" ")) {
      items.set(barcode, [...(items.get(barcode) ?? []), `${text} ${next}`]);
    }
  }
  return items;
}

function show() {
  const line = document.getElementById("scan-held");
  line.hidden = false;
  line.dataset.known = isCurrent() ? "yes" : "no";
  line.textContent = words();
}

function words() {
  if (!list) {
    return "Held items: no list on this device. Whether an item is held is not known without a network.";
  }
  const count = list.items.size === 1 ? "1 item" : `${list.items.size.toLocaleString("en-GB")} items`;
  const old = isCurrent() ? "" : " Older than a day: without a network, ask before you hand anything over.";
  return `Held items: ${count}, as of ${when()}.${old}`;
}

const asOf = () => `By the list on this device, as of ${when()}.`;

function when() {
  const at = new Date(list.asOf);
  const time = at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const isToday = at.toDateString() === new Date().toDateString();
  return isToday ? time : `${time} on ${at.toLocaleDateString("en-GB", { day: "numeric", month: "long" })}`;
}
