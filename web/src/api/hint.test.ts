import { expect, test } from "vitest";
import { inWords, pageHint } from "./hint";

test.each([
  ["", undefined, ""],
  ["Make room; then try again", undefined, "Make room; then try again"],
  ["the ease of it; a well-known--thing", "steps", "The ease of it; a well-known--thing"],
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

test.each([
  ["node 31 (KSampler) failed: out of memory", "Node 31 (KSampler) failed: out of memory"],
  ["Parameter 'guidance' must be float", "Parameter 'guidance' must be a number, like 0.5"],
  ["must be int", "Must be a whole number"],
  ["portrait.png carries no graph", "portrait.png carries no graph"],
  ["flux_single lacks a node", "flux_single lacks a node"],
  ["easel serve was stopped", "easel serve was stopped"],
  ["http://10.0.0.5 does not answer", "http://10.0.0.5 does not answer"],
  ["", ""],
])("%s as a sentence", (message, want) => {
  expect(inWords(message)).toBe(want);
});
