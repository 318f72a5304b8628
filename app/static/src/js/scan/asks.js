/** What a mode asks for besides the label: fields under `data-for-mode`, which show in that mode alone. */

import { forPeople } from "./barcode.js";
import { readBurstsIn } from "./keyboard.js";

const RUN = "/api/v1/deliveries";
const PATIENCE_MS = 10_000;

/** A name is for the door at which it was given: it is not left standing for the next one. */
const FORGOTTEN_AFTER_MS = 10 * 60_000;

const TYPED = 'input:not([type="radio"])';
const isMeant = (field) => field.type !== "radio" || field.checked;

const panels = [...document.querySelectorAll("[data-for-mode]")];
const fieldsOf = (mode) =>
  panels.filter((panel) => panel.dataset.forMode === mode).flatMap((panel) => [...panel.querySelectorAll("[name]")]);

/** @type {Map<string, string>} the order of each label that is with the drivers, as far as this device knows */
let run = new Map();
let forgetting = 0;

const plain = (barcode) => forPeople(barcode).replaceAll("-", "");

/** @param {string} mode */
export function showAsked(mode) {
  panels.forEach((panel) => {
    panel.hidden = panel.dataset.forMode !== mode;
    // The next scan may come before the browser has noticed that the field with the focus is gone.
    if (panel.hidden && panel.contains(document.activeElement)) {
      document.activeElement.blur();
    }
    panel.querySelectorAll("select").forEach((choice) => {
      choice.value = "";
    });
  });
  forget();
}

/** @param {string} mode @returns {{asked: Record<string, string>, missing: HTMLInputElement | undefined}} */
export function readAsked(mode) {
  const fields = fieldsOf(mode);
  clearTimeout(forgetting);
  forgetting = setTimeout(forget, FORGOTTEN_AFTER_MS);
  return {
    asked: Object.fromEntries(fields.filter(isMeant).map((field) => [field.name, field.value.trim()])),
    missing: fields.find((field) => field.dataset.needed && !field.value.trim()),
  };
}

/** @param {string} barcode @param {Record<string, string>} asked @returns {string} that it is another order's, or nothing */
export function anotherOrder(barcode, { order }) {
  const its = run.get(plain(barcode));
  return order && its && its !== order
    ? `By the list on this device it is for order ${its}, not ${order}. Do not leave it here.`
    : "";
}

/**
 * What a consignment's page tells the device of the store that sends, so that it can warn without a network.
 * @param {string} barcode @param {string} mode @returns {string} what is not as it should be, or nothing
 */
export function knownHere(barcode, mode) {
  const known = document.getElementById("known-here");
  if (!known || mode !== "send_consignment") {
    return "";
  }
  const tag = plain(barcode);
  const isIn = (tags) => tags.split(" ").includes(tag);
  const said = [];
  if (isIn(known.dataset.contaminated)) {
    said.push("By the list on this device it is contaminated. Wrap it, mark it “Contaminated”, and load it apart.");
  }
  if (known.dataset.wanted !== undefined && !isIn(known.dataset.wanted)) {
    said.push("By the list on this device it is not on the list of this consignment.");
  }
  return said.join(" ");
}

/** @param {(barcode: string) => void} onScan  a scan that was made while one of the fields had the focus */
export function watchAsked(onScan) {
  panels
    .flatMap((panel) => [...panel.querySelectorAll(TYPED)])
    .forEach((field) => readBurstsIn(field, onScan, () => document.getElementById("barcode").focus()));
  document.getElementById("order")?.addEventListener("change", () => forget());
  loadRun();
  addEventListener("online", loadRun);
}

function forget() {
  clearTimeout(forgetting);
  panels.flatMap((panel) => [...panel.querySelectorAll(TYPED)]).forEach((field) => {
    field.value = "";
  });
  // What was true of one batch is said again for the next.
  panels.flatMap((panel) => [...panel.querySelectorAll('input[type="radio"][value=""]')]).forEach((choice) => {
    choice.checked = true;
  });
}

/** What is with the drivers, by order: from the service, else as the device kept it. It names no client. */
async function loadRun() {
  const choice = document.getElementById("order");
  if (!choice) {
    return;
  }
  try {
    const options = { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(PATIENCE_MS) };
    const response = await fetch(RUN, options);
    if (response.ok) {
      offerOrders(choice, await response.json());
    }
  } catch {
    // Without the list every label still finds its own order.
  }
}

function offerOrders(choice, pieces) {
  run = new Map(pieces.map((piece) => [piece.barcode, piece.order]));
  const counts = new Map();
  pieces.forEach(({ order }) => counts.set(order, (counts.get(order) ?? 0) + 1));
  const chosen = choice.value;
  const orders = [...counts].map(([order, count]) => new Option(`${order}, ${count === 1 ? "1 piece" : `${count} pieces`}`, order));
  choice.replaceChildren(choice.options[0], ...orders);
  choice.value = counts.has(chosen) ? chosen : "";
  document.getElementById("order-choice").hidden = pieces.length === 0;
}
