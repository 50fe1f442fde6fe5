// What a page writes against the generated types: it compiles only when they say what the API takes and answers.
import type { components, paths } from "./api.js";

type Body<P extends keyof paths> = paths[P] extends { post: { requestBody: { content: { "application/json": infer B } } } } ? B : never;
type Job = components["schemas"]["JobView"];

export const asked: Body<"/api/v1/generate"> = { workflow_id: "flux_single", prompt: "a fox", params: { steps: 20 }, count: 2 };
export const painted: Body<"/api/v1/edit/inpaint"> = { input_image: "photo.png", mask_rect: "8,8,32,24", prompt: "a window" };
export const moved: Body<"/api/v1/jobs/{id}/priority"> = { first: true };

export function paths_of(job: Job): string[] {
	return job.state === "succeeded" ? job.outputs.map((o) => o.path) : [];
}
