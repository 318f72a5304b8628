/** Keeps scans on this device until the service has answered them: through a reload, a crash, a pulled plug. */

import { modern } from "./modes.js";

/** @typedef {import("./modes.js").Scan} Scan */

const DATABASE = "equipment-stores-scans";
/** Of the database's shape, which a later release may only add to; the form of each scan is in the scan. */
const VERSION = 1;
const STORE = "scans";

/**
 * @typedef {object} Journal
 * @property {boolean} durable  false where the browser keeps nothing: then scans live only as long as the page
 * @property {(scan: Scan) => Promise<void>} put  done, in the order of the calls, when it is safe
 * @property {(ids: string[]) => Promise<void>} remove
 * @property {() => Promise<Scan[]>} all  oldest first, of every user of this device
 */

/** @returns {Promise<Journal>} */
export async function openJournal() {
  try {
    const database = await finished(opening(VERSION)).catch(newerStays);
    // A newer page wants to add to the shape of it: this one steps aside, and sends what it has from memory.
    database.onversionchange = () => database.close();
    // Asks the browser not to clear the journal when it runs short of space. It may say no; nothing else changes.
    navigator.storage?.persist?.().catch(() => {});
    return onDisk(database);
  } catch {
    return inMemory();
  }
}

/** @param {string} user @returns {Promise<number>} how many of their scans wait here; none where the browser keeps none */
export async function waitingOf(user) {
  try {
    const database = await finished(opening(VERSION)).catch(newerStays);
    const scans = await finished(database.transaction(STORE).objectStore(STORE).getAll());
    database.close();
    return scans.filter((scan) => scan.user === user).length;
  } catch {
    return 0;
  }
}

/** A newer page has been here and an older one has come back: it uses what is there, as it is. */
function newerStays(error) {
  if (error?.name !== "VersionError") {
    throw error;
  }
  return finished(opening());
}

function opening(version) {
  const request = indexedDB.open(DATABASE, version);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id" });
  return request;
}

function finished(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("blocked"));
  });
}

/** @returns {Journal} */
function onDisk(database) {
  const put = together((scans) => write(database, (store) => scans.forEach((scan) => store.put(scan))));
  return {
    durable: true,
    put,
    remove: (ids) => write(database, (store) => ids.forEach((id) => store.delete(id))),
    all: async () => byOrder(await finished(database.transaction(STORE).objectStore(STORE).getAll())),
  };
}

/**
 * One write at a time. What comes meanwhile goes together into the next, so that a burst waits for the disk twice and
 * not once for each scan; and they are done in the order in which they came, whatever becomes of each write.
 * @param {(scans: Scan[]) => Promise<void>} write
 * @returns {(scan: Scan) => Promise<void>}
 */
function together(write) {
  let last = Promise.resolve();
  let next = null;
  return (scan) => {
    if (!next) {
      const scans = [];
      const done = last.then(() => {
        next = null;
        return write(scans);
      });
      next = { scans, done };
      last = done.catch(() => {});
    }
    next.scans.push(scan);
    return next.done;
  };
}

/** Done when it is on the disk, not when it is in the system's cache: that is what `strict` asks for. */
function write(database, change) {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(STORE, "readwrite", { durability: "strict" });
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
    change(transaction.objectStore(STORE));
  });
}

/** @returns {Journal} */
function inMemory() {
  const kept = new Map();
  return {
    durable: false,
    put: async (scan) => void kept.set(scan.id, scan),
    remove: async (ids) => ids.forEach((id) => kept.delete(id)),
    all: async () => byOrder([...kept.values()]),
  };
}

function byOrder(scans) {
  return scans.map(modern).sort((one, other) => one.order - other.order);
}
