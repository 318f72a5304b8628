/**
 * Opens the scan page without a network. It keeps the files that the page is made of, by release; and for whoever is
 * signed in their scan page and the list of what is with the drivers, until they sign out. It keeps no client's record,
 * and scans are none of its business: those are in the page's own journal, which no release touches.
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
const RUN = "/api/v1/deliveries";
const OFFLINE = "/offline";
const SIGN_IN_AND_OUT = new Set(["/sign-in", "/sign-out"]);
const PATIENCE_MS = 4_000;

addEventListener("install", (event) => event.waitUntil(prepare()));
addEventListener("activate", (event) => event.waitUntil(takeOver()));
addEventListener("message", (event) => event.data === "keep" && event.waitUntil(keepUnlessKept()));

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
  } else if (request.mode === "navigate" && pathname === PAGE) {
    event.respondWith(freshOrKept(event, PAGE));
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

async function keepUnlessKept() {
  if (!(await kept(PAGE))) {
    await keepAnew();
  }
}

async function keepAnew() {
  const answers = await Promise.all([PAGE, RUN].map((url) => fetch(url, { redirect: "manual", cache: "no-store" })));
  await keep(PAGE, answers[0]);
  await keep(RUN, answers[1]);
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
async function freshOrKept(event, key) {
  const fresh = fetch(event.request);
  // An address that asks for more is another page, and not the one to begin with next time.
  const isWhole = new URL(event.request.url).search === "";
  const copied = fresh.then((response) => isWhole && keep(key, response.clone())).catch(() => {});
  event.waitUntil(copied);
  const ours = await kept(key);
  if (!ours) {
    return fresh.catch(() => withoutNetwork(""));
  }
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS, ours));
  const answer = fresh.then((response) => (response.status >= 500 ? ours : response)).catch(() => ours);
  return Promise.race([answer, late]);
}

async function withoutNetwork(pathname) {
  return pathname === "/" && (await kept(PAGE)) ? Response.redirect(PAGE, 302) : caches.match(OFFLINE);
}
