/** What this device keeps so that scanning goes on without a network, and when it lets go of it. */

/** Holds the scan pages of whoever is signed in and the list of what is with the drivers; `service-worker.js` fills it. */
const KEPT = "stores-kept";

/** @returns {Promise<{href: string, text: string}[]>} the kept pages of stocktakes and consignments, but this one */
export async function otherScanPages() {
  const cache = await globalThis.caches?.open(KEPT);
  const pages = [];
  for (const { url } of (await cache?.keys()) ?? []) {
    const { pathname, search } = new URL(url);
    if (/\/(count|scan)$/.test(pathname) && pathname !== "/scan" && pathname !== location.pathname) {
      const page = new DOMParser().parseFromString(await (await cache.match(url)).text(), "text/html");
      pages.push({ href: pathname + search, text: page.getElementById("scan-heading").textContent });
    }
  }
  return pages;
}

/** For every page. Whoever may scan gets the worker; on the way in and out nothing stays of whoever was here before. */
export async function keepOnDevice() {
  // The page for no network may stand in its place, and clears nothing.
  if (document.querySelector('form[action^="/sign-in"]')) {
    await globalThis.caches?.delete(KEPT);
    return;
  }
  const mayScan = document.querySelector('.app-header__person') && document.querySelector('nav a[href="/scan"]');
  if (!mayScan || !("serviceWorker" in navigator)) {
    return;
  }
  try {
    await navigator.serviceWorker.register("/service-worker.js");
    (await navigator.serviceWorker.ready).active.postMessage("keep");
  } catch {
    // Without the worker everything works as long as there is a network.
  }
}
