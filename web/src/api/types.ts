// What the API answers as plain JSON (entries as in the registry file), so that docs/openapi.json has no type for it.

export type Role = "prompt" | "negative" | "seed" | "image" | "mask" | "lora" | "lora_strength" | "width" | "height";

/** An Input is one thing that a workflow takes: GET /workflows/{id}/schema. Integers above 2^53 are text. */
export interface Input {
  name: string;
  type: string; // int, float, bool, string, text, enum, model, seed, size, image, mask, video, audio, list<...>
  role?: Role;
  label?: string;
  description?: string;
  required: boolean;
  default?: unknown;
  min?: number | string;
  max?: number | string;
  step?: number;
  unit?: string;
  group?: string;
  advanced?: boolean;
  choices?: string[];
  max_length?: number;
  pattern?: string;
}

export interface WorkflowSchema {
  workflow_id: string;
  inputs: Input[];
}

export interface Workflow {
  id: string;
  name: string;
  description?: string;
  category?: string;
  model_family?: string;
  supports_batch?: boolean;
  max_batch_size?: number;
  requires_input_image?: boolean;
  requires_mask?: boolean;
  example_payload?: { prompt?: string; negative?: string; params?: Record<string, unknown> };
}

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
