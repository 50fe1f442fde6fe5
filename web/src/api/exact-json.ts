// Integers above 2^53 (seeds, and their ranges) do not fit a JavaScript number: they are read as text.

const pattern = /"(?:[^"\\]|\\.)*"|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g;

/** parseExact is JSON.parse whose integers of 16 digits and more become strings, exact to the digit. */
export function parseExact(text: string): unknown {
  return JSON.parse(text.replace(pattern, (token) => (token.startsWith('"') ? token : `"${token}"`)));
}
