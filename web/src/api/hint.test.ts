import { expect, test } from "vitest";
import { pageHint } from "./hint";

test.each([
  ["", undefined, ""],
  ["Make room; then try again", undefined, "Make room; then try again"],
  ["the ease of it; a well-known--thing", "steps", "the ease of it; a well-known--thing"],
  ["GET /api/v1/workflows lists them", undefined, ""],
  ["easel models checkpoints --backend a shows what there is", "checkpoint", "Choose another value for “checkpoint”"],
  [
    "--base-model v1-5.safetensors takes one that is there; easel models checkpoints shows all; it is offered on https://example.org/a",
    "base_model",
    "Choose another value for “base model”; it is offered on https://example.org/a",
  ],
])("%s", (hint, parameter, want) => {
  expect(pageHint(hint, parameter)).toBe(want);
});
