/** placeOf is where a result is stored, without its own name: a folder, or a bucket with its prefix. */
export const placeOf = (path: string, name: string) =>
  path.endsWith(name) ? path.slice(0, -name.length).replace(/(?<=[^/])\/$/, "") || "." : path;
