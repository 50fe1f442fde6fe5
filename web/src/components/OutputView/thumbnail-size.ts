// Few sizes: each is a file that the server makes when it is first asked for, and keeps.
const sizes = [128, 256, 384, 512, 768];
const soft = 1.1; // so much larger than it is a picture is shown without being seen to be soft
const densest = 2; // device pixels to a pixel; more is not seen in a thumbnail

/** thumbnailSize is the size to ask for, in pixels of the longer side, to fill a box of CSS pixels and no more. */
export function thumbnailSize(width: number, height: number, density = globalThis.devicePixelRatio ?? 1): number {
  const wanted = (Math.max(width, height) * Math.min(densest, Math.max(1, density))) / soft;
  return sizes.find((s) => s >= wanted) ?? (sizes.at(-1) as number);
}
