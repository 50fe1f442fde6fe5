import type { GenerateRequest, Job } from "@/api/client";
import { queries, queryClient } from "@/api/queries";
import type { Workflow } from "@/api/types";
import type { Picture } from "@/components/ParameterControls/values";
import { draft, keyOf } from "./draft";
import { valuesOf } from "./request";

/** takeSettings reads a request into the form; of a job also the seed that it was made with. */
export async function takeSettings(request: GenerateRequest, job?: Job) {
  const workflow = job?.workflow_id ?? request.workflow_id;
  const schema = await queryClient.ensureQueryData(queries.schema(workflow));
  const { values, character } = valuesOf(request, job?.seed, schema.inputs);
  draft.clearWorkflow(workflow);
  for (const [input, value] of values) draft.set(keyOf(workflow, input), value === input.default && !character ? undefined : value);
  draft.setFixed("character", character);
  draft.setFixed("workflow", workflow);
}

/** takeAsInput makes a result the picture to work on; a workflow that takes none makes room for one that does. */
export async function takeAsInput(picture: Picture, mask: boolean): Promise<void> {
  const list = await queryClient.ensureQueryData(queries.workflows);
  const current = list.find((w) => w.id === draft.fixed("workflow"));
  const takes = (w: Workflow | undefined) => w && (mask ? w.requires_mask : w.requires_input_image);
  if (!takes(current)) {
    const family = list.filter((w) => takes(w) && w.category === "editing");
    const next =
      family.find((w) => w.model_family === current?.model_family && w.requires_mask === mask) ??
      family.find((w) => w.requires_mask === mask) ??
      list.find(takes);
    if (next) draft.setFixed("workflow", next.id);
  }
  draft.set("role:image", picture);
  draft.set("role:mask", undefined);
}
