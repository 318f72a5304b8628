/** What a scanner sends around a label, and how a label is shown. The service reads a label in the same way. */

const SYMBOLOGY = /^\](?:C[0-4]|A[0-7])/i;
const STARRED = /^\*([^]+)\*$/;
const ASSET_TAG = /^([A-Z]{2,4})-?(\d{7})-?(\d{2})$/i;
const COMMAND = /^CMD-/i;

/** @param {string} sent @returns {string} without blanks, identifier of Code 39 or 128, and Code 39's asterisks */
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
  const tag = ASSET_TAG.exec(bare(sent));
  const shown = tag ? `${tag[1]}-${tag[2]}-${tag[3]}`.toUpperCase() : sent.replaceAll("\x1d", " ");
  return shown.length > 60 ? `${shown.slice(0, 60)}…` : shown;
}
