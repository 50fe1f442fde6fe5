import type { Job } from "@/api/client";
import { queries, queryClient } from "@/api/queries";
import type { Workflow } from "@/api/types";
import type { Picture } from "@/components/ParameterControls/values";
import { draft, keyOf } from "./draft";
import { valuesOf } from "./request";

/** takeSettings reads a job's settings into the form, its seed kept. */
export async function takeSettings(job: Job) {
  const schema = await queryClient.ensureQueryData(queries.schema(job.workflow_id));
  const { values, character } = valuesOf(job, schema.inputs);
  draft.clearWorkflow(job.workflow_id);
  for (const [input, value] of values) {
    const base = input.default;
    draft.set(keyOf(job.workflow_id, input), value === base && !character ? undefined : value);
  }
  draft.setFixed("character", character);
  draft.setFixed("workflow", job.workflow_id);
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
