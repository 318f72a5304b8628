/** A high note for good and two low ones for bad, for those who want them; the choice is remembered on this device. */

import { lasting } from "./memory.js";

const KEY = "stores-scan-sound";
const GOOD = [{ hertz: 880, at: 0, seconds: 0.09 }];
const BAD = [
  { hertz: 220, at: 0, seconds: 0.16 },
  { hertz: 165, at: 0.2, seconds: 0.26 },
];

/** @type {AudioContext | undefined} */
let speaker;

/** @param {HTMLInputElement} box  the tick box that turns it on */
export function offerSound(box) {
  box.checked = lasting.read(KEY) === "on";
  box.addEventListener("change", () => {
    lasting.write(KEY, box.checked ? "on" : "off");
    play(box, true);
  });
}

/**
 * @param {HTMLInputElement} box
 * @param {boolean} good
 */
export function play(box, good) {
  if (!box.checked) {
    return;
  }
  speaker ??= new AudioContext();
  (good ? GOOD : BAD).forEach((note) => sing(speaker, note));
}

/** What a scanner does when it has read something. */
export function beep() {
  speaker ??= new AudioContext();
  GOOD.forEach((note) => sing(speaker, note));
}

function sing(context, { hertz, at, seconds }) {
  const start = context.currentTime + at;
  const tone = new OscillatorNode(context, { type: "triangle", frequency: hertz });
  const volume = new GainNode(context, { gain: 0.3 });
  // Fading out avoids the click of a cut wave.
  volume.gain.setTargetAtTime(0, start + seconds - 0.03, 0.01);
  tone.connect(volume).connect(context.destination);
  tone.start(start);
  tone.stop(start + seconds);
}
