/** What one scan does in each mode: which request it becomes, and what the desk says when the service accepts it. */

/**
 * @typedef {object} Scan
 * @property {string} id       UUID, made when the scan was made; the service takes it once only
 * @property {string} user     who was signed in
 * @property {string} mode     one of MODES
 * @property {string} store    code of the store
 * @property {string} barcode  exactly what the scanner typed
 * @property {string} leftOut  what had been typed before the scan and is no part of it
 * @property {string} scannedAt  ISO 8601, UTC
 * @property {number} order    grows with each scan on this device
 */

/**
 * @typedef {object} Mode
 * @property {string} method
 * @property {(scan: Scan) => string} path
 * @property {(scans: Scan[]) => object} [body]
 * @property {number} most     how many scans one request may carry
 * @property {string} done     what is said when it is accepted
 */

const item = (scan) => `/api/v1/items/${encodeURIComponent(scan.barcode)}`;

const identified = (scans) =>
  scans.map((scan) => ({ scan_id: scan.id, barcode: scan.barcode, scanned_at: scan.scannedAt }));

// The consignment stands where the other modes have their stores.
const consigned = (verb) => ({
  method: "POST",
  path: (scan) => `/api/v1/transfers/${encodeURIComponent(scan.store)}/${verb}`,
  body: (scans) => ({ scans: identified(scans) }),
  most: 100,
});

const cleaned = (outcome) => (scans) => ({ results: [{ barcode: scans[0].barcode, outcome }] });

const inspected = (outcome) => (scans) => ({ barcode: scans[0].barcode, kind: "functional", outcome });

/** @type {Record<string, Mode>} */
export const MODES = {
  return: {
    method: "POST",
    path: () => "/api/v1/returns/scans",
    body: (scans) => ({
      store: scans[0].store,
      scans: identified(scans),
    }),
    most: 100,
    done: "Returned",
  },
  // The open counts stand where the other modes have their stores.
  stocktake: {
    method: "POST",
    path: (scan) => `/api/v1/stocktakes/${encodeURIComponent(scan.store)}/scans`,
    body: (scans) => ({ scans: identified(scans) }),
    most: 100,
    done: "Counted",
  },
  send_consignment: { ...consigned("sent"), done: "Sent" },
  receive_consignment: { ...consigned("received"), done: "Received" },
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
