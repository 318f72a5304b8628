/** Turns scans into one request, and whatever comes back into a reply that the outbox can act on. */

import { MODES } from "./modes.js";

/** @typedef {import("./modes.js").Scan} Scan */

/**
 * @typedef {object} Answer    what the service said about one scan
 * @property {"accepted" | "duplicate" | "refused" | "unknown"} outcome
 * @property {string} words    the outcome, for people
 * @property {string} detail
 * @property {string} product
 * @property {string} next     the next step, for people
 * @property {string[]} holds  why the item is held; empty when it is not
 * @property {boolean} [warned]  it was accepted, and something about it is not as it should be
 */

/**
 * @typedef {{kind: "answers", answers: Map<string, Answer>}
 *   | {kind: "later", afterSeconds: number}
 *   | {kind: "apart"} | {kind: "sign-in"} | {kind: "reload"}} Reply
 * `later`: nothing is known to have happened, try again. `apart`: the request as a whole was refused, so send each scan
 * on its own, that one bad scan may not hold up the others.
 */

/** The same person did the same with the item a moment before. */
const ALREADY = "already-scanned";

/** What is wrong with the device, not with what was scanned. */
const CLOCK = new Set(["clock-wrong", "scanned-long-ago"]);

const PATIENCE_MS = 20_000;
const TRY_AGAIN = new Set([408, 425, 429]);
const WORDS = { duplicate: "Already scanned", refused: "Refused", unknown: "Not known" };

/** What to do after a refusal that brings no next step of its own, by the problem's code. */
const SCAN_AGAIN = "Scan the label again, or type all of the tag, with its last two digits.";
const QUERY_SHELF = "Put it on the query shelf and tell the manager.";
const QUARANTINE = "Quarantine it: it is on hold. Do not clean, issue or release it.";
const NEXT = {
  "mistyped-barcode": SCAN_AGAIN,
  "suspect-barcode": SCAN_AGAIN,
  "not-a-barcode": SCAN_AGAIN,
  "other-service": QUERY_SHELF,
  "unknown-barcode": QUERY_SHELF,
  "not-clear": "Keep it off the shelf until this is put right.",
  "wrong-state": "Look it up to see where it belongs.",
};

/** A barcode with a slash makes an address that does not exist; what matters to people is that it is no tag of ours. */
const NO_TAG = {
  code: "unknown-barcode",
  detail: "This is not one of our asset tags. Scan our own label on the item.",
};
const NO_SUCH_ADDRESS = new Set(["not-found", "method-not-allowed"]);

/**
 * @param {Scan[]} scans  of one mode and one store, at most that mode's `most`
 * @returns {Promise<Reply>}
 */
export async function send(scans) {
  try {
    const response = await request(scans);
    return reply(scans, response, await body(response));
  } catch {
    return { kind: "later", afterSeconds: 0 };
  }
}

function request(scans) {
  const mode = MODES[scans[0].mode];
  const headers = { Accept: "application/json" };
  const options = { method: mode.method, headers, signal: AbortSignal.timeout(PATIENCE_MS) };
  if (mode.body) {
    headers["Content-Type"] = "application/json";
    headers["X-CSRF-Token"] = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
    if (mode.most === 1) {
      headers["Idempotency-Key"] = scans[0].id;
    }
    options.body = JSON.stringify(mode.body(scans));
  }
  return fetch(mode.path(scans[0]), options);
}

/** The JSON that came, or null: a proxy's or a sign-in page's HTML is nobody's answer to a scan. */
async function body(response) {
  if (!/json/.test(response.headers.get("Content-Type") ?? "")) {
    return null;
  }
  return response.json();
}

/** @returns {Reply} */
function reply(scans, response, content) {
  if (response.status === 401) {
    return { kind: "sign-in" };
  }
  if (response.status === 403 && content?.code === "csrf-failed") {
    return { kind: "reload" };
  }
  if (response.status >= 500 || TRY_AGAIN.has(response.status) || (response.ok && !content)) {
    return { kind: "later", afterSeconds: Number(response.headers.get("Retry-After")) || 0 };
  }
  if (!response.ok) {
    return scans.length > 1 ? { kind: "apart" } : answers([[scans[0], refusal(response, content)]]);
  }
  return accepted(scans, content);
}

function accepted(scans, content) {
  if (!content.results) {
    // An inspection's own `outcome` says how it ended; that it was recorded is what the desk calls accepted.
    return answers([[scans[0], answer(scans[0], { ...content, outcome: "accepted" })]]);
  }
  const pairs = scans.map((scan, at) => [scan, resultFor(scan, content.results, at)]);
  if (pairs.some(([, result]) => !result)) {
    return { kind: "later", afterSeconds: 0 };
  }
  return answers(pairs.map(([scan, result]) => [scan, answer(scan, result)]));
}

/** Where many go together each result names its scan; the other modes send one and get one. */
function resultFor(scan, results, at) {
  return MODES[scan.mode].most > 1 ? results.find((result) => result.scan_id === scan.id) : results[at];
}

function answers(pairs) {
  return { kind: "answers", answers: new Map(pairs.map(([scan, one]) => [scan.id, one])) };
}

/** @returns {Answer} */
function answer(scan, result) {
  const known = result.outcome in WORDS || result.outcome === "accepted";
  const outcome = known ? result.outcome : "refused";
  const because = scan.mode === "look_up" ? sentences(result.blockers) : "";
  return {
    outcome,
    words: WORDS[outcome] ?? doneWords(scan, result),
    detail: withAll(result.warnings, result.detail || because),
    warned: (result.warnings ?? []).some(({ code }) => !CLOCK.has(code)),
    product: result.product_name ?? "",
    next: result.next_step?.text ?? "",
    holds: reasons(result.holds),
  };
}

/** The first warning stands in the detail already. */
function withAll(warnings, detail) {
  const others = (warnings ?? []).map((one) => one.detail).filter((said) => !detail.includes(said));
  return [detail, ...others].filter(Boolean).join(" ");
}

function doneWords(scan, result) {
  if (scan.mode === "stocktake" && result.code?.startsWith("counted-")) {
    return "Counted, not expected";
  }
  const state = String(result.state ?? "").replaceAll("_", " ");
  return scan.mode === "look_up" && state ? state[0].toUpperCase() + state.slice(1) : MODES[scan.mode].done;
}

/** @returns {Answer} */
function refusal(response, sent) {
  const problem = NO_SUCH_ADDRESS.has(sent?.code) ? NO_TAG : sent;
  const unknown = problem === NO_TAG || response.status === 404;
  const outcome = unknown ? "unknown" : problem?.code === ALREADY ? "duplicate" : "refused";
  const sentence = problem?.detail ?? problem?.title ?? `The service refused this scan (${response.status}).`;
  const blockers = (problem?.blockers ?? []).filter((blocker) => !sentence.includes(blocker.detail));
  const held = (problem?.blockers ?? []).filter((blocker) => blocker.code === "on-hold");
  const holds = reasons(problem?.holds ?? held.map((blocker) => ({ reason: blocker.detail })));
  return {
    outcome,
    words: WORDS[outcome],
    detail: [sentence, sentences(blockers)].filter(Boolean).join(" "),
    product: problem?.product_name ?? "",
    next: problem?.next_step?.text ?? (holds.length ? QUARANTINE : NEXT[problem?.code]) ?? "",
    holds,
  };
}

/** Two holds for one reason are said once. */
function reasons(holds) {
  return [...new Set((holds ?? []).map((hold) => hold.reason ?? ""))];
}

function sentences(blockers) {
  return (blockers ?? []).map((blocker) => blocker.detail).filter(Boolean).join(" ");
}
