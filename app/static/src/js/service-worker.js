/**
 * Opens the scan pages without a network. It keeps the files that they are made of, by release; and for whoever is
 * signed in their scan page, those of the stocktakes and consignments that they have opened, and the lists of what is with
 * the drivers and of what is held, until they sign out. It keeps no client's record, and scans are none of its business: those are in the page's own journal, which no release touches.
 *
 * A new release waits until no page of the old one is open. By then it has fetched its files, and the page anew.
 */

// Filled in by scripts/assets.
const VERSION = "unbuilt";
const FILES = [];

const ASSETS_OF = "stores-assets-";
const ASSETS = `${ASSETS_OF}${VERSION}`;
const KEPT = "stores-kept";
const PAGE = "/scan";
/** Each is about one stocktake or consignment, and asks for what is done with it behind its question mark. */
const PAGE_OF_ONE = /^\/(?:stocktakes\/[^/]+\/count|transfers\/[^/]+\/scan)$/;
const RUN = "/api/v1/deliveries";
const HELD = "/api/v1/held-items";
const OFFLINE = "/offline";
const SIGN_IN_AND_OUT = new Set(["/sign-in", "/sign-out"]);
const PATIENCE_MS = 4_000;

addEventListener("install", (event) => event.waitUntil(prepare()));
addEventListener("activate", (event) => event.waitUntil(takeOver()));
addEventListener("message", (event) => event.data === "keep" && event.waitUntil(keepUnlessKept(event.source.url)));

addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname, search } = new URL(request.url);
  if (origin !== location.origin) {
    return;
  }
  if (request.method === "POST" && SIGN_IN_AND_OUT.has(pathname)) {
    event.respondWith(letGo(request));
  } else if (request.method !== "GET") {
    return;
  } else if (pathname.startsWith("/static/dist/")) {
    event.respondWith(asset(request));
  } else if (pathname === RUN && !search) {
    event.respondWith(freshOrKept(event, RUN));
  } else if (pathname === HELD && !search) {
    event.respondWith(freshOrKept(event, HELD, { ask: askForHeld }));
  } else if (request.mode === "navigate" && pathname === PAGE) {
    event.respondWith(freshOrKept(event, PAGE, { mayKeep: !search }));
  } else if (request.mode === "navigate" && PAGE_OF_ONE.test(pathname)) {
    event.respondWith(freshOrKept(event, pathname + search));
  } else if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(() => withoutNetwork(pathname)));
  }
});

async function prepare() {
  const cache = await caches.open(ASSETS);
  await cache.addAll([...FILES, OFFLINE].map((url) => new Request(url, { cache: "reload" })));
  // A page that an older release kept asks for that one's files, which are about to go.
  if (await kept(PAGE)) {
    await keepAnew();
  }
}

async function takeOver() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(ASSETS_OF) && name !== ASSETS).map((name) => caches.delete(name)));
  await clients.claim();
}

/** @param {string} address  of the page that asks: the first one came before there was a worker to keep it */
async function keepUnlessKept(address) {
  const { pathname, search } = new URL(address);
  const ofOne = PAGE_OF_ONE.test(pathname) ? [pathname + search] : [];
  if (!(await kept(PAGE))) {
    await keepAnew(ofOne);
  } else if (ofOne.length && !(await kept(ofOne[0]))) {
    await fetchAndKeep(ofOne);
  }
}

/** Everything that is kept, as this release has it. */
async function keepAnew(more = []) {
  const before = (await (await caches.open(KEPT)).keys()).map(({ url }) => url.slice(location.origin.length));
  await fetchAndKeep([...new Set([PAGE, RUN, HELD, ...before, ...more])]);
}

async function fetchAndKeep(keys) {
  const answers = await Promise.all(keys.map((url) => fetch(url, { redirect: "manual", cache: "no-store" })));
  for (const [at, key] of keys.entries()) {
    await keep(key, answers[at]);
  }
}

/** Keeps what came for somebody who is signed in; what comes for nobody says that they no longer are. */
async function keep(key, response) {
  if (response.ok) {
    await (await caches.open(KEPT)).put(key, response);
  } else if (response.type === "opaqueredirect" || response.status === 401) {
    await caches.delete(KEPT);
  }
}

const kept = async (key) => (await caches.open(KEPT)).match(key);

async function letGo(request) {
  await caches.delete(KEPT);
  return fetch(request).catch(() => caches.match(OFFLINE));
}

async function asset(request) {
  return (await caches.match(request)) ?? fetch(request);
}

/** From the service, when it answers in time; else as it was kept. */
async function freshOrKept(event, key, { mayKeep = true, ask = fetch } = {}) {
  const fresh = ask(event.request);
  // A scan page whose address asks for more is not the one to begin with next time.
  const copied = fresh.then((response) => mayKeep && keep(key, response.clone())).catch(() => {});
  event.waitUntil(copied);
  const ours = await kept(key);
  if (!ours) {
    return fresh.catch(() => withoutNetwork(""));
  }
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS, ours));
  const answer = fresh.then((response) => (response.status >= 500 ? ours : response)).catch(() => ours);
  return Promise.race([answer, late]);
}

/** A long list comes once only: while it is as it was, what is kept is as new as the answer that says so. */
async function askForHeld(request) {
  const ours = await kept(HELD);
  const headers = new Headers(request.headers);
  if (ours?.headers.get("ETag")) {
    headers.set("If-None-Match", ours.headers.get("ETag"));
  }
  const answer = await fetch(HELD, { headers, cache: "no-store", redirect: "manual" });
  if (answer.status !== 304 || !ours) {
    return answer;
  }
  const dated = new Headers(ours.headers);
  dated.set("Date", answer.headers.get("Date") ?? "");
  // The body is not compressed any more.
  dated.delete("Content-Encoding");
  dated.delete("Content-Length");
  return new Response(ours.body, { headers: dated });
}

async function withoutNetwork(pathname) {
  return pathname === "/" && (await kept(PAGE)) ? Response.redirect(PAGE, 302) : caches.match(OFFLINE);
}
