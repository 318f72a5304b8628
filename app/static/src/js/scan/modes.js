/** What one scan does in each mode: which request it becomes, and what the desk says when the service accepts it. */

import { inAddress } from "./barcode.js";
/** The form in which scans are kept on the device. A page leaves alone what a newer one has kept. */
export const FORM = 2;

/**
 * @typedef {object} Scan
 * @property {string} id       UUID, made when the scan was made; the service takes it once only
 * @property {string} user     who was signed in
 * @property {string} mode     one of MODES
 * @property {string} store    code of the store, or number of the stocktake or consignment
 * @property {string} barcode  exactly what the scanner typed
 * @property {Record<string, string>} asked  what the mode asks for besides the label, by the fields' names
 * @property {string} warning  what the device itself had to say of it
 * @property {string} [held]   what the device's list of held items said of it, until the service answers
 * @property {string} leftOut  what had been typed before the scan and is no part of it
 * @property {string} scannedAt  ISO 8601, UTC
 * @property {number} order    grows with each scan on this device
 * @property {number} form     FORM, when it was made
 */

/**
 * @typedef {object} Mode
 * @property {string} method
 * @property {(scan: Scan) => string} path
 * @property {(scans: Scan[]) => object} [body]
 * @property {number} most     how many scans one request may carry
 * @property {string} done     what is said when it is accepted
 * @property {string} [text]   its name, of one that has a page of its own
 */

const item = (scan) => `/api/v1/items/${inAddress(scan.barcode)}`;

const cleaned = (outcome) => ([{ barcode, asked }]) => {
  const said = Object.entries({ ...asked }).filter(([, value]) => value);
  // Null asks that the risk was recorded before; left out, nobody would be asked for it.
  return { results: [{ barcode, outcome, infection_risk: null, ...Object.fromEntries(said) }] };
};

const inspected = (outcome) => (scans) => ({ barcode: scans[0].barcode, kind: "functional", outcome });

/**
 * Many scans in one request. The clock is shown to the service as they are sent, so that it can put their times right.
 * @returns {Mode}
 */
const batch = (path, done, fields = () => ({})) => ({
  method: "POST",
  path: () => path,
  body: (scans) => ({ store: scans[0].store, ...together(scans, fields) }),
  most: 500,
  done,
});

/**
 * The same for a stocktake or a consignment, whose number stands where the others have their store.
 * @param {string} list  where they are
 * @param {string} verb  what is done with the scans
 * @param {string} text  what the mode is called where its own page is not open
 * @returns {Mode}
 */
const batchOf = (list, verb, text, done) => ({
  method: "POST",
  path: (scan) => `/api/v1/${list}/${encodeURIComponent(scan.store)}/${verb}`,
  body: (scans) => together(scans),
  most: 500,
  text,
  done,
});

/** @param {Scan[]} scans @param {(asked: Record<string, string>) => object} fields */
function together(scans, fields = () => ({})) {
  return {
    sent_at: new Date().toISOString(),
    scans: scans.map((scan) => ({
      scan_id: scan.id,
      barcode: scan.barcode,
      scanned_at: scan.scannedAt,
      ...fields(scan.asked),
    })),
  };
}

/** @type {Record<string, Mode>} */
export const MODES = {
  return: batch("/api/v1/returns/scans", "Returned"),
  deliver: batch("/api/v1/deliveries/scans", "Delivered", ({ received_by, order }) => ({ received_by, order })),
  collect: batch("/api/v1/collections/scans", "Collected"),
  stocktake: batchOf("stocktakes", "scans", "Count", "Counted"),
  send_consignment: batchOf("transfers", "sent", "Send", "Sent"),
  receive_consignment: batchOf("transfers", "received", "Receive", "Received"),
  start_decontamination: {
    method: "POST",
    path: () => "/api/v1/decontaminations",
    body: (scans) => ({ barcodes: [scans[0].barcode] }),
    most: 1,
    done: "Cleaning started",
  },
  pass_decontamination: {
    method: "POST",
    path: () => "/api/v1/decontaminations/results",
    body: cleaned("passed"),
    most: 1,
    done: "Cleaned",
  },
  fail_decontamination: {
    method: "POST",
    path: () => "/api/v1/decontaminations/results",
    body: cleaned("failed"),
    most: 1,
    done: "Cleaning failed",
  },
  pass_inspection: {
    method: "POST",
    path: () => "/api/v1/inspections",
    body: inspected("passed"),
    most: 1,
    done: "Passed inspection",
  },
  fail_inspection: {
    method: "POST",
    path: () => "/api/v1/inspections",
    body: inspected("failed"),
    most: 1,
    done: "Failed inspection",
  },
  release: {
    method: "POST",
    path: (scan) => `${item(scan)}/release`,
    body: () => ({}),
    most: 1,
    done: "Released to the shelf",
  },
  look_up: { method: "GET", path: item, most: 1, done: "Looked up" },
};

/** @param {Scan} scan as an older page may have kept it @returns {Scan} */
export function modern(scan) {
  return { asked: {}, warning: "", leftOut: "", form: 1, ...scan };
}

/** @param {Scan} scan @returns {boolean} whether this page knows how to send it */
export function isKnown(scan) {
  return scan.mode in MODES && scan.form <= FORM;
}

/** @param {Scan} scan @returns {string} what it was scanned as, where the page that shows it has no such mode */
export function nameOf(scan) {
  const text = MODES[scan.mode]?.text;
  return text ? `${text}, ${scan.store}` : scan.mode.replaceAll("_", " ");
}
