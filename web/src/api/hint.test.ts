import { expect, test } from "vitest";
import { atField, inWords, pageHint } from "./hint";

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
  ["Parameter 'guidance' must be float", "Guidance: must be a number, like 0.5"],
  ["workflow dunes: Parameter 'lora_strength' above maximum 2 (and 1 more)", "LoRA strength: at most 2 (and 1 more)"],
  ["Parameter 'steps' offers euler, which the backend no longer takes", "Steps: offers euler, which the backend no longer takes"],
  ["must be int", "Must be a whole number"],
  ["portrait.png carries no graph", "portrait.png carries no graph"],
  ["flux_single lacks a node", "flux_single lacks a node"],
  ["easel serve was stopped", "easel serve was stopped"],
  ["http://10.0.0.5 does not answer", "http://10.0.0.5 does not answer"],
  ["", ""],
])("%s as a sentence", (message, want) => {
  expect(inWords(message)).toBe(want);
});

test.each([
  ["Parameter 'steps' above maximum 10", "At most 10"],
  ["Parameter 'steps' below minimum -0.5", "At least -0.5"],
  ["Parameter 'steps' above the server's maximum 10", "At most 10 on this backend"],
  ["Parameter 'steps' below the server's minimum 1", "At least 1 on this backend"],
  ["Parameter 'steps' must be int", "Must be a whole number"],
  ["Parameter 'size' must be WIDTHxHEIGHT in pixels, like 1024x768", "Must be width x height in pixels, like 1024x768"],
  ["Parameter 'sampler' has no choice 'it's'", "“it's” is none of the choices"],
  ["Parameter 'model': the server does not have \"a.safetensors\"", "The backend does not have “a.safetensors”"],
  ["Parameter 'prompt' longer than 1 characters", "At most 1 character"],
  ["Parameter 'prompt' longer than 200 characters", "At most 200 characters"],
  ["Parameter 'code' does not match [a-z]+ [0-9]", "Does not have the form [a-z]+ [0-9]"],
  ["Parameter 'prompt' is required", "Is needed"],
  ["Parameter 'image' names no file", "No file is chosen"],
  ["Parameter 'image' takes at most 1 file(s)", "At most 1 file"],
  ["Parameter 'image' takes at most 3 file(s)", "At most 3 files"],
  ["Parameter 'negative' not supported", "This workflow does not have it"],
  ["Parameter 'preset' does not exist", "This workflow does not have it"],
  ["notes.txt is no picture", "notes.txt is no picture"],
  ["must be int", "Must be a whole number"],
])("%s at its field", (message, want) => {
  expect(atField(message)).toBe(want);
});
