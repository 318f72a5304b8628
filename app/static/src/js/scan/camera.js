/** A phone's camera in place of a scanner: what it reads goes into the field and is sent, as if a scanner had typed it. */

import { prepareZXingModule, readBarcodes } from "../zxing/reader/index.js";
import { bare, isOurs } from "./barcode.js";
import { beep } from "./sound.js";

const DECODER = new URL(`../zxing/zxing_reader.wasm${new URL(import.meta.url).search}`, import.meta.url).href;
const HOW = { formats: ["Code128", "DataMatrix", "QRCode"], tryHarder: true, textMode: "Plain", maxNumberOfSymbols: 8 };
const PICTURE = { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 720 } };
const LOOK_EVERY_MS = 120;
/** A label that stays in view, or comes back at once, is one scan. */
const SAME_LABEL_MS = 2_500;
const LARGEST = 1280;

const TROUBLE = {
  NotAllowedError:
    "The camera is blocked for this page. Allow it under the lock beside the address, at Permissions, and press “Use the camera” again. Or type the tag.",
  NotFoundError: "This device has no camera that can be used. Type the tag, or use a scanner.",
  NotReadableError: "Something else is using the camera. Close it, then press “Use the camera” again.",
};
const OTHER_TROUBLE = "The camera could not be started. Close this, and try again, or type the tag.";
const NO_DECODER = "The part that reads labels could not be loaded. Open this page once with a connection.";

prepareZXingModule({ overrides: { locateFile: () => DECODER } });

const part = (id) => document.getElementById(id);

class Camera {
  /** @type {MediaStream | null} */
  #stream = null;
  #timer = 0;
  #seen = { text: "", at: -Infinity };
  #canvas = document.createElement("canvas");

  constructor() {
    this.dialog = part("camera");
    this.video = part("camera-picture");
    this.torch = part("camera-torch");
    this.dialog.addEventListener("close", () => this.#stop());
    part("camera-close").addEventListener("click", () => this.dialog.close());
    this.torch.addEventListener("click", () => this.#light(this.torch.getAttribute("aria-pressed") !== "true"));
    // The scan page says what came of a scan where nobody hears it while this is open.
    const answers = part("scan-announcement");
    if (answers) {
      const repeat = () => this.#say(answers.textContent, part("scan-lines").firstElementChild?.dataset);
      new MutationObserver(repeat).observe(answers, { childList: true });
    }
    // A camera that nobody looks at is not left running.
    document.addEventListener("visibilitychange", () => document.hidden && this.dialog.close());
  }

  /** @param {(text: string) => boolean} onLabel  whether to look for more */
  async open(onLabel) {
    this.#say("Starting the camera …");
    this.dialog.showModal();
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: PICTURE, audio: false });
      if (!this.dialog.open) {
        stream.getTracks().forEach((track) => track.stop());
        return;
      }
      this.#stream = stream;
      this.video.srcObject = stream;
      await this.video.play();
    } catch (error) {
      if (this.dialog.open) {
        this.#say(TROUBLE[error.name] ?? OTHER_TROUBLE);
      }
      return;
    }
    this.torch.hidden = !this.#track?.getCapabilities?.().torch;
    this.#say("Hold a label in the picture.");
    this.#look(onLabel);
  }

  get #track() {
    return this.#stream?.getVideoTracks()[0];
  }

  async #look(onLabel) {
    try {
      const text = this.#fresh(await this.#read());
      if (text && this.#stream) {
        navigator.vibrate?.(80);
        beep();
        this.#say(`Read ${text.slice(0, 60)}.`);
        if (!onLabel(text)) {
          this.dialog.close();
          return;
        }
      }
    } catch {
      this.#say(NO_DECODER);
      return;
    }
    if (this.#stream) {
      this.#timer = setTimeout(() => this.#look(onLabel), LOOK_EVERY_MS);
    }
  }

  /** @returns {Promise<string>} the one label in the picture; nothing where there is none, or where nobody can tell which */
  async #read() {
    const { videoWidth: width, videoHeight: height } = this.video;
    if (!width || !height) {
      return "";
    }
    const scale = Math.min(1, LARGEST / Math.max(width, height));
    Object.assign(this.#canvas, { width: Math.round(width * scale), height: Math.round(height * scale) });
    const pen = this.#canvas.getContext("2d", { willReadFrequently: true });
    pen.drawImage(this.video, 0, 0, this.#canvas.width, this.#canvas.height);
    const found = await readBarcodes(pen.getImageData(0, 0, this.#canvas.width, this.#canvas.height), HOW);
    const texts = [...new Set(found.filter((one) => one.isValid).map((one) => bare(one.text)))];
    const ours = texts.filter(isOurs);
    const [only, other] = ours.length ? ours : texts;
    if (other) {
      this.#say("There is more than one label in the picture. Come closer to one.");
    }
    return only && !other ? only : "";
  }

  #fresh(text) {
    const now = performance.now();
    const isSame = text === this.#seen.text && now - this.#seen.at < SAME_LABEL_MS;
    if (text) {
      this.#seen = { text, at: now };
    }
    return isSame ? "" : text;
  }

  async #light(on) {
    await this.#track?.applyConstraints({ advanced: [{ torch: on }] }).then(
      () => this.torch.setAttribute("aria-pressed", String(on)),
      () => this.#say("The light cannot be switched."),
    );
  }

  #say(words, { outcome = "", held = "no" } = {}) {
    const line = part("camera-words");
    line.dataset.outcome = held === "yes" ? "refused" : outcome;
    if (line.textContent !== words) {
      line.textContent = words;
    }
  }

  #stop() {
    clearTimeout(this.#timer);
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = null;
    this.video.srcObject = null;
    this.torch.hidden = true;
    this.torch.setAttribute("aria-pressed", "false");
    this.#seen = { text: "", at: -Infinity };
  }
}

/** @type {Camera | undefined} */
let camera;

/** @param {HTMLButtonElement} button  names the field, and what to do once it is filled: `data-camera-then` */
export function openCamera(button) {
  camera ??= new Camera();
  const field = part(button.dataset.camera);
  camera.open((text) => {
    field.value = text;
    return fill(field, button.dataset.cameraThen);
  });
}

/** The form is sent as Enter sends it, or by a button of its own, or left for a person to look at. */
function fill(field, then) {
  if (then === "stay" || then === "send") {
    field.form.requestSubmit();
  } else if (then !== "fill") {
    field.form.requestSubmit(field.form.elements[then]);
  }
  return then === "stay";
}
