/** Reads a keyboard-wedge scanner wherever the focus is. It types like a person, a key each ms, then Enter or Tab. */

const SECOND_ENDING_MS = 50;
const GROUP_SEPARATOR = "\x1d";

/** A scanner's keys follow each other within this, also by radio; no hand keeps it up for `LEAST_KEYS` keys. */
const WITHIN_A_BURST_MS = 60;
const LEAST_KEYS = 6;
/** A stutter of the radio or of the computer in the middle of a scan is shorter than this. */
const BEFORE_A_BURST_MS = 300;
const MOST_KEYS = 400;

/** What was typed last, and when. Only the clock tells a scan from what a hand had typed before it. */
class Keys {
  /** @type {{text: string, at: number}[]} */
  #keys = [];

  add(text, at) {
    this.#keys.push({ text, at });
    this.#keys.splice(0, this.#keys.length - MOST_KEYS);
  }

  forget() {
    this.#keys = [];
  }

  get lastAt() {
    return this.#keys.at(-1)?.at ?? -Infinity;
  }

  /** @returns {string} the keys that came as fast as only a scanner types, up to the last; nothing where a hand typed */
  burst() {
    const begin = this.#keys.findLastIndex(({ at }, place) => at - this.#before(place) > WITHIN_A_BURST_MS);
    const isScan = this.#keys.length - begin >= LEAST_KEYS;
    const stuttered = begin > 0 && this.#keys[begin].at - this.#before(begin) < BEFORE_A_BURST_MS;
    return isScan && !stuttered ? this.#keys.slice(begin).map(({ text }) => text).join("") : "";
  }

  #before(place) {
    return this.#keys[place - 1]?.at ?? -Infinity;
  }
}

/**
 * @param {HTMLInputElement} input  shows what is being read; typed in by hand, it works the same way
 * @param {(barcode: string, leftOut: string) => void} onScan  `leftOut`: what stood there before the scan was made
 */
export function readScanner(input, onScan) {
  const keys = new Keys();
  let endedAt = -Infinity;

  const finish = (at) => {
    const [leftOut, barcode] = apart(input.value, keys.burst());
    input.value = "";
    keys.forget();
    endedAt = at;
    if (barcode) {
      onScan(barcode, leftOut);
    }
  };

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || isTypingElsewhere(event.target, input)) {
      return;
    }
    const text = textOf(event);
    if (isEnd(event) && input.value.trim()) {
      event.preventDefault();
      finish(event.timeStamp);
    } else if (isEnd(event) && event.timeStamp - endedAt < SECOND_ENDING_MS) {
      // Some scanners end with Tab and Enter, or Enter twice; the second must not press what has the focus.
      event.preventDefault();
    } else if (text && !isForTheFocused(event, input)) {
      keys.add(text, event.timeStamp);
      if (text === GROUP_SEPARATOR || event.target !== input) {
        event.preventDefault();
        input.value += text;
      }
    } else if (event.key === "Backspace" && event.target !== input && input.value) {
      input.value = input.value.slice(0, -1);
    }
  });

  input.form.addEventListener("submit", (event) => {
    event.preventDefault();
    finish(event.timeStamp);
  });
}

/**
 * For pages that are read and clicked: a scan anywhere but in a field is taken, and a hand's keys do what they always do.
 * @param {(barcode: string) => void} onScan
 */
export function readBursts(onScan) {
  const keys = new Keys();
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || isTypingElsewhere(event.target)) {
      keys.forget();
      return;
    }
    const text = event.repeat ? "" : textOf(event);
    if (text) {
      keys.add(text, event.timeStamp);
    } else if (isEnd(event)) {
      const barcode = event.timeStamp - keys.lastAt < BEFORE_A_BURST_MS ? keys.burst().trim() : "";
      keys.forget();
      if (barcode) {
        event.preventDefault();
        onScan(barcode);
      }
    }
  });
}

/**
 * For a field beside the scanner's own: a name is typed there, and a scan that follows is no part of it.
 * @param {HTMLInputElement} field
 * @param {(barcode: string) => void} onScan
 * @param {() => void} onEnter  Enter after what a hand typed
 */
export function readBurstsIn(field, onScan, onEnter) {
  const keys = new Keys();
  field.addEventListener("keydown", (event) => {
    const text = event.isComposing || event.repeat ? "" : textOf(event);
    if (text) {
      keys.add(text, event.timeStamp);
    } else if (isEnd(event)) {
      const burst = event.timeStamp - keys.lastAt < BEFORE_A_BURST_MS ? keys.burst() : "";
      keys.forget();
      if (burst.trim() && field.value.endsWith(burst)) {
        event.preventDefault();
        field.value = field.value.slice(0, -burst.length);
        onScan(burst.trim());
      } else if (event.key === "Enter") {
        event.preventDefault();
        onEnter();
      }
    }
  });
}

/** What was typed by hand before a scan is none of it. Where the scan went in between, nobody can tell: it stays whole. */
function apart(value, burst) {
  const begin = burst && value.endsWith(burst) ? value.length - burst.length : 0;
  return [value.slice(0, begin).trim(), value.slice(begin).trim()];
}

function isEnd(event) {
  return (event.key === "Enter" || event.key === "Tab") && !isShortcut(event) && !event.shiftKey;
}

/** The character that the key types, or nothing. Scanners send GS1's group separator as Ctrl and ]. */
function textOf(event) {
  if (event.ctrlKey && event.key === "]" && !event.altKey) {
    return GROUP_SEPARATOR;
  }
  return event.key.length === 1 && !isShortcut(event) ? event.key : "";
}

/** AltGr types characters, though some systems report it as Ctrl and Alt together. */
function isShortcut(event) {
  return (event.ctrlKey || event.altKey || event.metaKey) && !event.getModifierState("AltGraph");
}

/** A space presses the button or ticks the box that has the focus, unless it stands inside a barcode. */
function isForTheFocused(event, input) {
  return event.key === " " && event.target !== input && !input.value;
}

/** A select is no place to type: a scan would change what is selected. */
function isTypingElsewhere(target, input) {
  if (target === input || !(target instanceof Element)) {
    return false;
  }
  return target.matches('textarea, [contenteditable], input:not([type="radio"], [type="checkbox"])');
}
