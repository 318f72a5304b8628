/** What a scanner sends around a label, and how a label is shown. The service reads a label in the same way. */

const SYMBOLOGY = /^\](?:C[0-4]|A[0-7]|D[0-6]|Q[0-6])/i;
const STARRED = /^\*([^]+)\*$/;
const ASSET_TAG = /^([A-Z]{2,4})-?(\d{7})-?(\d{2})$/i;
const COMMAND = /^CMD-/i;
/** A tag at the end of a QR code's web address, or of a GS1 asset number. Whether it is ours the service says. */
const CARRIED = /^(?:https?:\/\/\S+\/l\/|\x1d?\(?800[34]\)?\d+)([A-Z]{2,4}\d{9})\/?$/i;

/** @param {string} sent @returns {string} without blanks, identifier of the symbology, and Code 39's asterisks */
export function bare(sent) {
  return sent.trim().replace(SYMBOLOGY, "").trim().replace(STARRED, "$1");
}

/** @param {string} sent @returns {string} the command that it is, or nothing */
export function commandIn(sent) {
  return COMMAND.test(bare(sent)) ? bare(sent).toUpperCase() : "";
}

/** @param {string} sent @returns {boolean} whether it looks like one of our asset tags */
export function isOurs(sent) {
  return ASSET_TAG.test(bare(sent));
}

/** @param {string} sent @returns {string} an asset tag in groups, anything else as it is */
export function forPeople(sent) {
  const text = bare(sent);
  const tag = ASSET_TAG.exec(CARRIED.exec(text)?.[1] ?? text);
  const shown = tag ? `${tag[1]}-${tag[2]}-${tag[3]}`.toUpperCase() : sent.replaceAll("\x1d", " ");
  return shown.length > 60 ? `${shown.slice(0, 60)}…` : shown;
}

/** @param {string} sent @returns {string} for one part of an address of ours; a slash would end it, so it is written twice over */
export function inAddress(sent) {
  return encodeURIComponent(sent.replaceAll("%", "%25").replaceAll("/", "%2F"));
}
