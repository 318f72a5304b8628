/** Shows scans, answers, counts and the connection. Decides nothing. */

/** @typedef {import("./modes.js").Scan} Scan */
/** @typedef {import("./requests.js").Answer} Answer */

const MARKS = { accepted: "✓", duplicate: "=", refused: "✕", unknown: "?" };
const MOST_LINES = 200;
const ANNOUNCE_AFTER_MS = 700;
const ASSET_TAG = /^([A-Z]{2,4})-?(\d{7})-?(\d{2})$/i;

const WAYS_OUT = {
  "sign-in": { href: "/sign-in?next=/scan", text: "Sign in again" },
  reload: { href: "/scan", text: "Load it again" },
};

const part = (id) => document.getElementById(id);

const scans = (count) => (count === 1 ? "1 scan is" : `${count} scans are`);

/** @param {string} barcode @returns {string} an asset tag in groups, anything else as it is */
export function forPeople(barcode) {
  const tag = ASSET_TAG.exec(barcode.trim());
  const shown = tag ? `${tag[1]}-${tag[2]}-${tag[3]}`.toUpperCase() : barcode.replaceAll("\x1d", " ");
  return shown.length > 60 ? `${shown.slice(0, 60)}…` : shown;
}

export class View {
  /** @type {Map<string, HTMLLIElement>} */
  #lines = new Map();
  #counts = { accepted: 0, refused: 0 };
  #announcing = { timer: 0, answered: 0, refused: 0, latest: "" };

  constructor() {
    this.list = part("scan-lines");
    this.template = part("scan-line-template");
    part("scan-status").hidden = false;
    part("scan-sound-setting").hidden = false;
  }

  /** A new line on top, waiting for its answer. @param {Scan} scan */
  addScan(scan) {
    const line = this.template.content.firstElementChild.cloneNode(true);
    line.dataset.mode = scan.mode;
    this.#write(line, { tag: forPeople(scan.barcode), time: clock(scan.scannedAt) });
    this.#lines.set(scan.id, line);
    this.list.prepend(line);
    part("scan-none").hidden = true;
    this.#dropOldLines();
  }

  /** @param {Scan} scan @param {Answer} answer */
  showAnswer(scan, answer) {
    this.#fill(scan, answer);
    this.#count(answer.outcome);
    const held = answer.holds.length ? "Hold, quarantine. " : "";
    const then = answer.next || answer.detail;
    this.#announceLater(`${forPeople(scan.barcode)} ${answer.words}. ${held}${then}`, answer.outcome);
  }

  /** A line that never leaves the page: something the desk itself has to say. */
  addNote(barcode, words, detail) {
    const scan = { id: `note-${barcode}-${Date.now()}`, mode: "", barcode, scannedAt: new Date().toISOString() };
    this.addScan(scan);
    this.#fill(scan, { outcome: "refused", words, detail, product: "", next: "", holds: [] });
    this.#announceLater(`${words}. ${detail}`);
  }

  /** @param {string} network @param {number} waiting @param {boolean} durable */
  showNetwork(network, waiting, durable) {
    const line = part("scan-network");
    const safe = durable ? `${scans(waiting)} safe on this device` : `${scans(waiting)} waiting. Keep this page open`;
    const sentences = {
      ready: durable ? "Connected" : "Connected. This browser keeps no scans when the page closes.",
      sending: "Sending …",
      offline: `No connection – ${safe} and will be sent`,
      "sign-in": `Signed out – ${safe}.`,
      reload: `Page out of date – ${safe}.`,
    };
    part("scan-waiting-count").textContent = String(waiting);
    if (line.dataset.network === network && line.dataset.sentence === sentences[network]) {
      return;
    }
    line.dataset.network = network;
    line.dataset.sentence = sentences[network];
    line.replaceChildren(sentences[network], ...wayOut(network));
    if (network !== "ready" && network !== "sending") {
      this.#announceLater(line.textContent);
    }
  }

  /** @param {HTMLInputElement} choice the radio of the mode */
  showMode(choice) {
    const words = choice.parentElement.textContent.trim();
    part("scan-mode-panel").dataset.mode = choice.value;
    part("scan-mode-name").textContent = words;
    part("scan-mode-help").textContent = choice.dataset.help;
  }

  /** @param {Scan[]} others scans that other users left on this device */
  showOthers(others) {
    const names = [...new Set(others.map((scan) => scan.user))].join(", ");
    const notice = part("scan-others");
    notice.hidden = others.length === 0;
    notice.textContent = `${scans(others.length)} kept here for ${names}, to be sent when they sign in on this device.`;
  }

  /** Said to screen readers, once, when things have been quiet for a moment. */
  announce(words) {
    this.#announceLater(words);
  }

  #fill(scan, { outcome, words, detail, product, next, holds }) {
    const line = this.#lines.get(scan.id);
    if (!line) {
      return;
    }
    line.dataset.outcome = outcome;
    line.dataset.held = holds.length ? "yes" : "no";
    this.#write(line, { mark: mark(scan, outcome, holds), outcome: words, product, detail });
    this.#write(line, { next: next && `Next: ${next}`, reason: holds.join(" · ") });
    line.querySelector(".app-scan-line__hold").hidden = holds.length === 0;
  }

  #write(line, words) {
    for (const [name, text] of Object.entries(words)) {
      line.querySelector(`.app-scan-line__${name}`).textContent = text;
    }
  }

  #count(outcome) {
    const kind = outcome === "accepted" || outcome === "duplicate" ? "accepted" : "refused";
    this.#counts[kind] += 1;
    part(`scan-${kind}-count`).textContent = String(this.#counts[kind]);
  }

  /** Lines that still wait stay, however old. */
  #dropOldLines() {
    for (const [id, line] of this.#lines) {
      if (this.#lines.size <= MOST_LINES) {
        return;
      }
      if (line.dataset.outcome !== "waiting") {
        line.remove();
        this.#lines.delete(id);
      }
    }
  }

  #announceLater(words, outcome) {
    const state = this.#announcing;
    state.latest = words;
    state.answered += outcome ? 1 : 0;
    state.refused += outcome === "refused" || outcome === "unknown" ? 1 : 0;
    clearTimeout(state.timer);
    state.timer = setTimeout(() => this.#announceNow(), ANNOUNCE_AFTER_MS);
  }

  #announceNow() {
    const { answered, refused, latest } = this.#announcing;
    const many = answered > 1 ? `${answered} scans answered, ${refused} refused. Latest: ` : "";
    part("scan-announcement").textContent = many + latest;
    this.#announcing = { timer: 0, answered: 0, refused: 0, latest: "" };
  }
}

/** The shape that tells the outcome without its colour. */
function mark(scan, outcome, holds) {
  if (holds.length || (outcome === "accepted" && scan.mode.startsWith("fail"))) {
    return "!";
  }
  return outcome === "accepted" && scan.mode === "look_up" ? "i" : MARKS[outcome];
}

function wayOut(network) {
  const way = WAYS_OUT[network];
  if (!way) {
    return [];
  }
  const link = document.createElement("a");
  link.href = way.href;
  link.textContent = way.text;
  link.className = "govuk-link";
  return [link];
}

function clock(instant) {
  return new Date(instant).toLocaleTimeString("en-GB");
}
