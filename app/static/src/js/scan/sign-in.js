/** Whether the sign-in is back, perhaps in another tab: then this page takes over its form token and goes on. */

/** Every page of a signed-in person says its form token here, which is another one for each sign-in. */
const CHANNEL = "stores-sign-in";
const ASK_EVERY_MS = 15_000;
const PATIENCE_MS = 10_000;

const token = () => document.querySelector('meta[name="csrf-token"]');

/** For every page: tells the other tabs that somebody is signed in. */
export function tellOtherTabs() {
  if ("BroadcastChannel" in window && document.querySelector(".app-header__person")) {
    const channel = new BroadcastChannel(CHANNEL);
    channel.postMessage(token().content);
    channel.close();
  }
}

export class SignInWatch {
  #asking = false;
  #timer = 0;

  /**
   * @param {object} parts
   * @param {string} parts.user  whose page this is
   * @param {() => void} parts.onBack  the same person is signed in, and the page has the new token
   * @param {() => void} parts.onOther  somebody else is signed in now
   */
  constructor({ user, onBack, onOther }) {
    Object.assign(this, { user, onBack, onOther });
    if ("BroadcastChannel" in window) {
      new BroadcastChannel(CHANNEL).addEventListener("message", ({ data }) => data !== token().content && this.ask());
    }
  }

  /** Ask again and again until somebody is signed in. @param {boolean} isOut  whether the service refused this page */
  watch(isOut) {
    if (isOut && !this.#timer) {
      this.#timer = setInterval(() => this.ask(), ASK_EVERY_MS);
      this.ask();
    } else if (!isOut) {
      clearInterval(this.#timer);
      this.#timer = 0;
    }
  }

  async ask() {
    if (this.#asking) {
      return;
    }
    this.#asking = true;
    try {
      const now = await signedIn();
      if (now && now.user !== this.user) {
        this.onOther();
      } else if (now && (now.token !== token().content || this.#timer)) {
        takeOver(now.token);
        this.onBack();
      }
    } finally {
      this.#asking = false;
    }
  }
}

/** Who is signed in, by the scan page itself; null for nobody and for no network. A redirect is the way to sign in. */
async function signedIn() {
  try {
    const options = { redirect: "manual", cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) };
    const response = await fetch("/scan", { headers: { Accept: "text/html" }, ...options });
    const page = new DOMParser().parseFromString(response.ok ? await response.text() : "", "text/html");
    const user = page.getElementById("scan")?.dataset.user;
    return user ? { user, token: page.querySelector('meta[name="csrf-token"]').content } : null;
  } catch {
    return null;
  }
}

function takeOver(fresh) {
  token().content = fresh;
  document.querySelectorAll('input[name="csrf_token"]').forEach((input) => {
    input.value = fresh;
  });
}
