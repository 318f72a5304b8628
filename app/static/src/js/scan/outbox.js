/** Sends what waits, in order, as long as it takes. Knows nothing of the page. */

import { MODES } from "./modes.js";

/** @typedef {import("./modes.js").Scan} Scan */

const FIRST_DELAY_S = 1;
const LONGEST_DELAY_S = 15;

export class Outbox {
  /** @type {Scan[]} In the order they were made. */
  #waiting = [];
  #apart = new Set();
  #busy = false;
  #delay = FIRST_DELAY_S;
  #timer = 0;

  /**
   * @param {object} parts
   * @param {import("./journal.js").Journal} parts.journal
   * @param {(scans: Scan[]) => Promise<import("./requests.js").Reply>} parts.send
   * @param {(scan: Scan) => void} parts.onKept  it is safe on this device, or the device has said that it cannot keep it
   * @param {(scan: Scan, answer: import("./requests.js").Answer) => void} parts.onAnswer
   * @param {(network: "ready" | "sending" | "offline" | "sign-in" | "reload", waiting: number) => void} parts.onChange
   */
  constructor({ journal, send, onKept, onAnswer, onChange }) {
    Object.assign(this, { journal, send, onKept, onAnswer, onChange, network: "ready" });
  }

  /** Keep a new scan on this device, then show it and send it: what is shown is safe. */
  async add(scan) {
    try {
      await this.journal.put(scan);
    } catch {
      // The device cannot keep it (no space): say so, and send it all the same.
      this.journal.durable = false;
    }
    this.#waiting.push(scan);
    this.onKept(scan);
    this.#say(this.network);
    this.#wake();
  }

  /** Take up scans that an earlier page left in the journal. */
  restore(scans) {
    this.#waiting.unshift(...scans);
    this.#say(this.network);
    this.#wake();
  }

  /** Try now: the network came back, or somebody came back to the page. */
  retryNow() {
    this.#delay = FIRST_DELAY_S;
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#wake();
  }

  /** New scans do not cut a wait short: a service in trouble is not helped by being asked more often. */
  #wake() {
    if (!this.#busy && !this.#timer) {
      this.#run();
    }
  }

  async #run() {
    this.#busy = true;
    try {
      for (let batch = this.#next(); batch.length; batch = this.#next()) {
        if (this.network === "ready") {
          this.#say("sending");
        }
        if (!(await this.#settle(batch, await this.send(batch)))) {
          return;
        }
      }
    } finally {
      this.#busy = false;
    }
  }

  /** The oldest scan, and those right behind it that may go in the same request. */
  #next() {
    const [first] = this.#waiting;
    if (!first) {
      return [];
    }
    const most = this.#apart.has(first.id) ? 1 : MODES[first.mode].most;
    const fits = (scan) => scan.mode === first.mode && scan.store === first.store;
    const end = this.#waiting.slice(0, most).findIndex((scan) => !fits(scan));
    return this.#waiting.slice(0, end < 0 ? most : end);
  }

  /** @returns {Promise<boolean>} whether to go on at once */
  async #settle(batch, reply) {
    switch (reply.kind) {
      case "answers":
        await this.#finish(batch, reply.answers);
        return true;
      case "apart":
        batch.forEach((scan) => this.#apart.add(scan.id));
        return true;
      case "later":
        this.#wait(reply.afterSeconds);
        return false;
      default:
        this.#say(reply.kind);
        return false;
    }
  }

  async #finish(batch, answers) {
    const ids = batch.map((scan) => scan.id);
    this.#waiting = this.#waiting.filter((scan) => !answers.has(scan.id));
    ids.forEach((id) => this.#apart.delete(id));
    this.#delay = FIRST_DELAY_S;
    batch.forEach((scan) => this.onAnswer(scan, answers.get(scan.id)));
    this.#say(this.#waiting.length ? "sending" : "ready");
    // Should this fail, the next page sends the scan again, and the service answers as it did before.
    await this.journal.remove(ids).catch(() => {});
    document.dispatchEvent(new Event("scans-waiting"));
  }

  #wait(afterSeconds) {
    const seconds = Math.max(this.#delay, Math.min(afterSeconds, 60));
    this.#delay = Math.min(this.#delay * 2, LONGEST_DELAY_S);
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.#wake();
    }, seconds * 1000);
    this.#say("offline");
  }

  #say(network) {
    this.network = network;
    this.onChange(network, this.#waiting.length);
  }
}
