import { expect, test } from "vitest";
import type { Workflow } from "@/api/types";
import { familiesOf, find } from "./find";

const list: Workflow[] = [
  { id: "flux_single", name: "FLUX.1 dev", description: "a picture from a prompt", category: "generation", model_family: "flux" },
  { id: "sd_inpaint", name: "SD inpaint", description: "repaints, better than flux", category: "editing", model_family: "sd" },
  { id: "resize", name: "Resize", category: "upscaling", model_family: "none" },
];

test.each([
  [{ words: "", category: "", family: "" }, ["flux_single", "sd_inpaint", "resize"]],
  [{ words: "flux", category: "", family: "" }, ["flux_single", "sd_inpaint"]],
  [{ words: "REPAINTS sd", category: "", family: "" }, ["sd_inpaint"]],
  [{ words: "", category: "upscaling", family: "" }, ["resize"]],
  [{ words: "", category: "", family: "sd" }, ["sd_inpaint"]],
  [{ words: "video", category: "", family: "" }, []],
])("%o", (search, ids) => {
  expect(find(list, search).map((w) => w.id)).toEqual(ids);
});

test("families are those of the category", () => {
  expect(familiesOf(list, "")).toEqual(["flux", "sd"]);
  expect(familiesOf(list, "editing")).toEqual(["sd"]);
});
