/** Reads a keyboard-wedge scanner wherever the focus is. It types like a person, a key each ms, then Enter or Tab. */

const STALE_MS = 5_000;
const SECOND_ENDING_MS = 50;
const GROUP_SEPARATOR = "\x1d";

/**
 * @param {HTMLInputElement} input  shows what is being read; typed in by hand, it works the same way
 * @param {(barcode: string) => void} onScan
 */
export function readScanner(input, onScan) {
  let lastKeyAt = 0;
  let endedAt = -Infinity;

  const finish = (at) => {
    const barcode = input.value.trim();
    input.value = "";
    endedAt = at;
    if (barcode) {
      onScan(barcode);
    }
  };

  /** Keys that arrive while something else has the focus. A stray key from long ago is not the start of this scan. */
  const add = (text, at) => {
    input.value = (at - lastKeyAt > STALE_MS ? "" : input.value) + text;
    lastKeyAt = at;
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
    } else if (text === GROUP_SEPARATOR || (text && event.target !== input && !isForTheFocused(event, input))) {
      event.preventDefault();
      add(text, event.target === input ? lastKeyAt : event.timeStamp);
    } else if (event.key === "Backspace" && event.target !== input && input.value) {
      input.value = input.value.slice(0, -1);
    }
  });

  input.form.addEventListener("submit", (event) => {
    event.preventDefault();
    finish(event.timeStamp);
  });
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
  return event.key === " " && !input.value;
}

/** A select is no place to type: a scan would change what is selected. */
function isTypingElsewhere(target, input) {
  if (target === input || !(target instanceof Element)) {
    return false;
  }
  return target.matches('textarea, [contenteditable], input:not([type="radio"], [type="checkbox"])');
}
