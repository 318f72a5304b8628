/** Shows scans, answers, counts and the connection. Decides nothing. */

import { forPeople } from "./barcode.js";
import { nameOf } from "./modes.js";

/** @typedef {import("./modes.js").Scan} Scan */
/** @typedef {import("./requests.js").Answer} Answer */

const MARKS = { accepted: "✓", duplicate: "=", refused: "✕", unknown: "?" };
const MOST_LINES = 200;
const MOST_OTHERS_OPEN = 5;
const ANNOUNCE_AFTER_MS = 700;

const HERE = location.pathname + location.search;
const WAYS_OUT = {
  "sign-in": { href: `/sign-in?next=${encodeURIComponent(HERE)}`, text: "Sign in again" },
  other: { href: "/scan", text: "Begin your own page" },
  reload: { href: HERE, text: "Load it again" },
};

/** The page's own title: how many scans wait stands before it, and on the icon of an installed page. */
const TITLE = document.title;

const part = (id) => document.getElementById(id);

const scans = (count) => (count === 1 ? "1 scan is" : `${count} scans are`);

export class View {
  /** @type {Map<string, HTMLLIElement>} */
  #lines = new Map();
  #counts = { accepted: 0, refused: 0 };
  #following = 0;
  #announcing = { timer: 0, answered: 0, refused: 0, latest: "" };

  /** @param {HTMLInputElement[]} modes  the radios, each of which carries its words */
  constructor(modes) {
    this.modes = new Map(modes.map((radio) => [radio.value, radio.dataset]));
    this.list = part("scan-lines");
    this.template = part("scan-line-template");
    part("scan-status").hidden = false;
    part("scan-sound-setting").hidden = false;
  }

  /** A new line on top, waiting for its answer. @param {Scan} scan */
  addScan(scan) {
    const line = this.template.content.firstElementChild.cloneNode(true);
    line.dataset.mode = scan.mode;
    line.dataset.warned = scan.warning || scan.held ? "yes" : "no";
    const mode = [this.#nameOf(scan), scan.asked?.received_by].filter(Boolean).join(" · ");
    this.#write(line, { tag: forPeople(scan.barcode), time: clock(scan.scannedAt), mode, left: besides(scan) });
    this.#lines.set(scan.id, line);
    this.list.prepend(line);
    part("scan-none").hidden = true;
    if (scan.held) {
      this.#announceLater(`${forPeople(scan.barcode)}. ${scan.held}`);
    }
    this.#dropOldLines();
    this.#follow();
  }

  /** The newest line and its next step are in view, also on a small screen and after somebody had scrolled away. */
  #follow() {
    cancelAnimationFrame(this.#following);
    this.#following = requestAnimationFrame(() => {
      const [desk, newest] = [part("scan"), this.list.firstElementChild];
      // With the desk's mode above it, where there is room for both.
      if (desk.getBoundingClientRect().top < 0 || newest.getBoundingClientRect().bottom > window.innerHeight) {
        desk.scrollIntoView({ block: "start" });
        newest.scrollIntoView({ block: "nearest" });
      }
    });
  }

  /** @param {Scan} scan @param {Answer} answer */
  showAnswer(scan, answer) {
    this.#fill(scan, answer);
    // The service knows better than this device what is held, and says its own warnings better.
    const known = { ...scan, held: "", warning: answer.warned ? "" : scan.warning };
    this.#lines.get(scan.id)?.querySelector(".app-scan-line__left").replaceChildren(besides(known));
    this.#count(answer.outcome);
    const held = answer.holds.length ? "Hold, quarantine. " : "";
    const then = answer.next || answer.detail;
    this.#announceLater(`${forPeople(scan.barcode)} ${answer.words}. ${held}${then} ${besides(known)}`, answer.outcome);
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
      "sign-in": `Signed out – ${safe}, sent when you have signed in.`,
      other: `Somebody else has signed in – ${safe}.`,
      reload: `Page out of date – ${safe}.`,
    };
    part("scan-waiting-count").textContent = String(waiting);
    tellWaiting(waiting);
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

  /** Only where the browser keeps no scans: anywhere else the page begins anew by itself. */
  showOtherPerson() {
    this.showNetwork("other", Number(part("scan-waiting-count").textContent), false);
  }

  /** @param {HTMLInputElement} choice the radio of the mode */
  showMode(choice) {
    part("scan-mode-panel").dataset.mode = choice.value;
    part("scan-mode-name").textContent = choice.dataset.text;
    part("scan-mode-help").textContent = choice.dataset.help;
    part("scan-mode-warning").textContent = choice.dataset.warning;
    part("scan-mode-warning").hidden = !choice.dataset.warning;
  }

  /** How the page came to its mode, until one is chosen. @param {string} words @param {(() => void) | null} [goBack] */
  tellMode(words, goBack = null) {
    const [sentence, button] = [part("scan-mode-told-words"), part("scan-mode-back")];
    part("scan-mode-told").hidden = !words;
    sentence.textContent = words;
    button.hidden = !goBack;
    button.onclick = goBack;
  }

  /** @param {{href: string, text: string}[]} pages  scan pages that this device keeps besides this one */
  showOtherPages(pages) {
    part("scan-other-pages").hidden = pages.length === 0;
    part("scan-other-pages-links").replaceChildren(
      ...pages.flatMap(({ href, text }, at) => {
        const link = Object.assign(document.createElement("a"), { href, textContent: text, className: "govuk-link" });
        return at ? [", ", link] : [link];
      }),
    );
  }

  /** @param {Scan[]} others scans that other users left on this device */
  showOthers(others) {
    part("scan-others").hidden = others.length === 0;
    part("scan-others-heading").textContent = `${scans(others.length)} kept here for somebody else`;
    // A long list would push the results off the screen.
    part("scan-others-list").open = others.length <= MOST_OTHERS_OPEN;
    part("scan-others-lines").replaceChildren(...others.map((scan) => this.#other(scan)));
  }

  #other(scan) {
    const line = document.createElement("li");
    const tag = document.createElement("strong");
    tag.className = "app-code";
    tag.textContent = forPeople(scan.barcode);
    line.append(tag, ` ${this.#nameOf(scan)}, scanned by ${scan.user}, ${dayAndTime(scan.scannedAt)}`);
    return line;
  }

  #nameOf(scan) {
    return this.modes.get(scan.mode)?.text ?? nameOf(scan);
  }

  /** Said to screen readers, once, when things have been quiet for a moment. */
  announce(words) {
    this.#announceLater(words);
  }

  #fill(scan, { outcome, words, detail, product, next, holds, warned }) {
    const line = this.#lines.get(scan.id);
    if (!line) {
      return;
    }
    line.dataset.outcome = outcome;
    line.dataset.held = holds.length ? "yes" : "no";
    line.dataset.warned = warned ? "yes" : "no";
    this.#write(line, { mark: mark(scan, outcome, holds.length > 0 || warned), outcome: words, product, detail });
    this.#write(line, { next: next && `Next: ${next}`, reason: holds.join(" · ") });
    line.querySelector(".app-scan-line__hold").hidden = holds.length === 0;
    if (line === this.list.firstElementChild) {
      this.#follow();
    }
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
function mark(scan, outcome, isWarning) {
  if (isWarning || (outcome === "accepted" && scan.mode.startsWith("fail"))) {
    return "!";
  }
  return outcome === "accepted" && scan.mode === "look_up" ? "i" : MARKS[outcome];
}

/** What was left out may have been a label whose Enter was lost, so it is never dropped in silence. */
function besides(scan) {
  const what = scan.leftOut && forPeople(scan.leftOut);
  const left = what ? `“${what}” was typed before this scan and left out. If it was a label, scan that again.` : "";
  return [scan.held, scan.warning, left].filter(Boolean).join(" ");
}

function tellWaiting(waiting) {
  document.dispatchEvent(new Event("scans-waiting"));
  document.title = waiting ? `(${waiting} waiting) ${TITLE}` : TITLE;
  const told = waiting ? navigator.setAppBadge?.(waiting) : navigator.clearAppBadge?.();
  told?.catch(() => {});
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

function dayAndTime(instant) {
  return new Date(instant).toLocaleString("en-GB", { day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" });
}
