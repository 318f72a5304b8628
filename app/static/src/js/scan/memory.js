/** Small choices that the browser remembers. Where its settings forbid that, they last as long as the page. */

/** @param {() => Storage} storage  asked for only when used, because naming it may throw already */
function memory(storage) {
  return {
    /** @param {string} key @returns {string | null} */
    read(key) {
      try {
        return storage().getItem(key);
      } catch {
        return null;
      }
    },
    /** @param {string} key @param {string} value */
    write(key, value) {
      try {
        storage().setItem(key, value);
      } catch {
        // Nothing is lost but the memory of it.
      }
    },
  };
}

/** For this device. */
export const lasting = memory(() => localStorage);

/** For this tab: it outlives a reload, and no more. */
export const passing = memory(() => sessionStorage);
