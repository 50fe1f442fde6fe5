import type { Mask, Rect } from "./mask";

const tint = { r: 235, g: 40, b: 150 }; // far from skin, sky and leaves
const half = 0.5;

/** tintPart writes a part of the mask as what lies over the picture: half covered, and a crisp line along the edge. */
export function tintPart(mask: Mask, part: Rect): ImageData {
  const image = new ImageData(part.width, part.height);
  const { data, width, height } = mask;
  let at = 0;
  for (let y = part.y; y < part.y + part.height; y++) {
    for (let x = part.x; x < part.x + part.width; x++, at += 4) {
      const i = y * width + x;
      const v = data[i] as number;
      if (v === 0) continue;
      const edge =
        v >= 128 &&
        ((x > 0 && (data[i - 1] as number) < 128) ||
          (x + 1 < width && (data[i + 1] as number) < 128) ||
          (y > 0 && (data[i - width] as number) < 128) ||
          (y + 1 < height && (data[i + width] as number) < 128));
      image.data[at] = tint.r;
      image.data[at + 1] = tint.g;
      image.data[at + 2] = tint.b;
      image.data[at + 3] = edge ? 255 : v * half;
    }
  }
  return image;
}

/** toPNG is the mask as a file: white is painted anew. */
export async function toPNG(mask: Mask): Promise<Blob> {
  const canvas = new OffscreenCanvas(mask.width, mask.height);
  const image = new ImageData(mask.width, mask.height);
  mask.data.forEach((v, i) => {
    image.data[4 * i] = image.data[4 * i + 1] = image.data[4 * i + 2] = v;
    image.data[4 * i + 3] = 255;
  });
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  return canvas.convertToBlob({ type: "image/png" });
}

/** readMask reads a mask file into a mask of a size: its brightness, nothing where it is transparent. */
export function readMask(source: ImageBitmap, mask: Mask) {
  const canvas = new OffscreenCanvas(mask.width, mask.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return;
  context.drawImage(source, 0, 0, mask.width, mask.height);
  const { data } = context.getImageData(0, 0, mask.width, mask.height);
  for (let i = 0; i < mask.data.length; i++) {
    const light = 0.299 * (data[4 * i] as number) + 0.587 * (data[4 * i + 1] as number) + 0.114 * (data[4 * i + 2] as number);
    mask.data[i] = Math.round((light * (data[4 * i + 3] as number)) / 255);
  }
}
