import type { Schemas } from "./client";

// What docs/openapi.json leaves open, or says less exactly than it is: entries as in the registry file.

export type Role = "prompt" | "negative" | "seed" | "image" | "mask" | "lora" | "lora_strength" | "width" | "height";

/** An Input is one thing that a workflow takes: GET /workflows/{id}/schema. Integers above 2^53 are text. */
export type Input = Omit<Schemas["Input"], "min" | "max" | "step" | "role" | "targets" | "declared"> & {
  role?: Role | (string & {});
  min?: number | string;
  max?: number | string;
  step?: number | string;
};

export interface WorkflowSchema {
  workflow_id: string;
  inputs: Input[];
}

/** A Workflow is an entry of GET /workflows. Most keys may be left out of the file. */
export type Workflow = Partial<Omit<Schemas["WorkflowDoc"], "id" | "name" | "configurable_params" | "example_payload">> & {
  id: string;
  name: string;
  example_payload?: { prompt?: string; negative?: string; params?: Record<string, unknown> };
};

export interface Character {
  id: string;
  name?: string;
  description?: string;
  lora?: string;
  lora_strength?: number;
  trigger?: string;
  prompt?: string;
  negative?: string;
  defaults?: Record<string, unknown>;
  reference_image?: string;
}

/** Progress of a running job. */
export interface Progress {
  node: string | null;
  step: number;
  steps: number;
  fraction: number; // 0 to 1
  eta_ms: number | null;
  message?: string;
}

/** JobError is why a job failed. */
export interface JobError {
  code?: string;
  message?: string;
  hint?: string;
  node?: string | null;
  class?: string | null;
  parameter?: string | null;
}
