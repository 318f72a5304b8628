/** On every page: how many of this person's scans wait on this device, and the question before they sign out. */

import { waitingOf } from "./scan/journal.js";

/** What is sent at once is not worth a word. */
const WORTH_A_WORD_AFTER_MS = 1_500;
const LOOK_AFTER_MS = 200;
/** Nobody is kept from signing out because the browser's database does not answer. */
const PATIENCE_MS = 2_000;

const scans = (count) => (count === 1 ? "1 scan waits" : `${count} scans wait`);

export function tellWhatWaits() {
  const form = document.querySelector(".app-header__person[data-user]");
  if (!form) {
    return;
  }
  const told = document.getElementById("waiting-here");
  let timer = 0;

  const show = (count) => {
    clearTimeout(timer);
    if (count === 0) {
      told.hidden = true;
    } else {
      timer = setTimeout(() => {
        told.hidden = false;
        told.textContent = `${scans(count)} on this device`;
      }, told.hidden ? WORTH_A_WORD_AFTER_MS : 0);
    }
  };
  // A burst of scans is looked at once.
  let looking = 0;
  const look = () => {
    clearTimeout(looking);
    looking = setTimeout(async () => show(await count(form)), LOOK_AFTER_MS);
  };

  document.addEventListener("scans-waiting", look);
  window.addEventListener("focus", look);
  window.addEventListener("pageshow", look);
  look();
  askBefore(form);
}

/** They are lost to nobody: they stay here, and are sent when the same person signs in again. */
function askBefore(form) {
  const question = document.getElementById("sign-out-question");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const waiting = await count(form);
    if (waiting === 0) {
      form.submit();
      return;
    }
    const them = waiting === 1 ? "It stays here and is sent" : "They stay here and are sent";
    const words = `${scans(waiting)} on this device. ${them} when you sign in again.`;
    document.getElementById("sign-out-question-words").textContent = words;
    question.showModal();
  });
  document.getElementById("sign-out-all-the-same").addEventListener("click", () => form.submit());
  document.getElementById("sign-out-stay").addEventListener("click", () => question.close());
}

function count(form) {
  const never = new Promise((resolve) => setTimeout(() => resolve(0), PATIENCE_MS));
  return Promise.race([waitingOf(form.dataset.user), never]);
}
