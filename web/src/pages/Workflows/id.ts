/** idForm is what an id looks like: letters of any script, digits, dashes and underscores, at most 64. */
export const idForm = /^[\p{L}\p{N}_-]{1,64}$/u;

/** idFrom makes an id of a name: "Ada Lovelace (2)" is ada_lovelace_2. */
export const idFrom = (name: string) =>
  name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}-]+/gu, "_")
    .replace(/^_+|_+$/g, "")
    .slice(0, 64);
