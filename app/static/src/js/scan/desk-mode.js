/** What was chosen at this desk, through a reload. A mode is kept for the same person and for a short while only. */

import { passing } from "./memory.js";

/** Each scan page has its own: a count is no place for the mode of the returns desk. */
const REMEMBERED = `stores-scan-desk ${location.pathname}`;
const KEPT_MS = 30 * 60_000;

/** @typedef {{user: string, mode: string, store: string, at: number}} Choice */

/** @param {Omit<Choice, "at">} choice */
export function remember(choice) {
  passing.write(REMEMBERED, JSON.stringify({ ...choice, at: Date.now() }));
}

/**
 * @param {string} user  whose page this is
 * @returns {{mode: string, store: string, minutes: number, left: string, because: "" | "person" | "time"}}
 *   `left`: the mode that is not kept, because it was another person's, or too long ago
 */
export function recall(user) {
  const last = read();
  const minutes = Math.floor((Date.now() - last.at) / 60_000);
  const nothing = { mode: "", store: "", minutes: 0, left: last.mode ?? "", because: "" };
  if (!last.mode || last.user !== user) {
    return { ...nothing, because: last.mode ? "person" : "" };
  }
  // A clock that was set back makes a choice of the future: it is as unknown as an old one.
  const isFresh = Date.now() - last.at < KEPT_MS && minutes >= 0;
  return isFresh ? { ...nothing, ...last, minutes, left: "" } : { ...nothing, store: last.store, because: "time" };
}

/** @returns {Partial<Choice>} */
function read() {
  try {
    return JSON.parse(passing.read(REMEMBERED)) ?? {};
  } catch {
    return {};
  }
}
