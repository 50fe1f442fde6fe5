import { useQuery } from "@tanstack/react-query";
import { RotateCcw } from "lucide-react";
import { memo, useId } from "react";
import { queries } from "@/api/queries";
import type { Character, Input, Workflow } from "@/api/types";
import { ParameterControls } from "@/components/ParameterControls";
import { FileControl } from "@/components/ParameterControls/file-control";
import type { Layout } from "@/components/ParameterControls/kinds";
import { useCharacterUrl } from "@/components/ParameterControls/picture-blob";
import { ParameterLabel } from "@/components/ParameterControls/row";
import { type Picture, useIsSet, useProblem, useValue, useValues } from "@/components/ParameterControls/values";
import { t } from "@/text";
import { Button } from "@/ui/button";
import { Select } from "@/ui/select";
import { TextArea } from "@/ui/text-area";
import { toast } from "@/ui/toast";
import { draft, useFixed } from "./draft";

interface FormProps {
  workflow: Workflow;
  layout: Layout;
  last: () => Picture | undefined;
  onPaint: () => void;
}

/** Form is what a workflow takes, read top to bottom like a sentence: prompt, inputs, character, parameters. */
export const Form = memo(function Form({ workflow, layout, last, onPaint }: FormProps) {
  const mask = layout.files.find((f) => f.role === "mask");
  return (
    <>
      {layout.texts.length > 0 && (
        <div className="grid gap-3 pb-3">
          {layout.texts.map((input) => (
            <PromptField
              key={input.name}
              input={input}
              example={input.role === "prompt" ? workflow.example_payload?.prompt : undefined}
              mask={input.role === "prompt" ? mask?.name : undefined}
            />
          ))}
        </div>
      )}
      {layout.files.length > 0 && (
        <section className="grid gap-3 border-line border-t py-3">
          {layout.files.map((input) => (
            <FileControl
              key={input.name}
              input={input}
              many={workflow.supports_batch && input.role === "image" && !mask}
              last={input.type === "image" ? last : undefined}
              onPaint={input.role === "mask" ? onPaint : undefined}
            />
          ))}
        </section>
      )}
      <CharacterPicker />
      <ParameterControls layout={layout} />
      <div className="border-line border-t pt-2 pb-4">
        <Button
          look="quiet"
          size="sm"
          onClick={() => {
            draft.clearWorkflow(workflow.id);
            toast.done(t.generate.resetDone);
          }}
        >
          <RotateCcw />
          {t.generate.resetAll}
        </Button>
      </div>
    </>
  );
});

const looksDynamic = /\{[^{}]*\|[^{}]*\}|__[\w/-]+__/;

interface PromptFieldProps {
  input: Input;
  example?: string;
  mask?: string; // the parameter that bounds what the prompt is about
}

function PromptField({ input, example, mask }: PromptFieldProps) {
  const id = useId();
  const values = useValues();
  const value = useValue(input.name);
  const problem = useProblem(input.name);
  const text = String(value ?? values.baseline(input.name) ?? "");
  const isPrompt = input.role === "prompt";
  const masked = useIsSet(mask ?? "");
  const hint = problem ?? [masked && t.generate.masked, looksDynamic.test(text) && t.generate.dynamic].filter(Boolean).join(" ");
  return (
    <div data-parameter={input.name}>
      <div className="flex items-center justify-between gap-2">
        <ParameterLabel input={input} htmlFor={id} className="min-h-6 pb-1 font-medium" />
        {example && text === "" && (
          <Button look="quiet" size="sm" className="text-accent" onClick={() => values.set(input.name, example)}>
            {t.generate.tryExample}
          </Button>
        )}
      </div>
      <TextArea
        id={id}
        aria-labelledby={`${id}-label`}
        data-autofocus={isPrompt || undefined}
        aria-invalid={problem ? true : undefined}
        aria-describedby={hint ? `${id}-hint` : undefined}
        spellCheck
        placeholder={input.description}
        value={text}
        minRows={isPrompt ? 4 : 1}
        maxRows={isPrompt ? 18 : 6}
        onChange={(e) => values.set(input.name, e.target.value === (values.baseline(input.name) ?? "") ? undefined : e.target.value)}
        className={isPrompt ? "text-[0.9375rem] leading-5.5" : undefined}
      />
      {hint && (
        <p id={`${id}-hint`} className={problem ? "pt-1 text-bad text-sm" : "pt-1 text-muted text-sm"}>
          {hint}
        </p>
      )}
    </div>
  );
}

const summary = (c: Character) =>
  [
    c.prompt && c.prompt !== "{prompt}" ? t.generate.characterSays(c.prompt.replace("{prompt}", "…")) : undefined,
    c.lora ? t.generate.characterLora(c.lora) : undefined,
    c.defaults && Object.keys(c.defaults).length > 0
      ? t.generate.characterDefaults(
          Object.entries(c.defaults)
            .map(([k, v]) => `${k} ${v}`)
            .join(", "),
        )
      : undefined,
  ]
    .filter(Boolean)
    .join(" · ");

function CharacterPicker() {
  const id = useId();
  const character = useFixed("character");
  const { data } = useQuery(queries.characters);
  const chosen = data?.find((c) => c.id === character);
  const { url } = useCharacterUrl(chosen?.reference_image ? chosen.id : "");
  if (!data || data.length === 0) return null;
  return (
    <section className="grid gap-1 border-line border-t py-3">
      <div className="grid grid-cols-[minmax(5.5rem,33%)_1fr] gap-x-3">
        <label htmlFor={id} className="flex min-h-8 items-center">
          {t.generate.character}
        </label>
        <Select id={id} value={chosen ? character : ""} onChange={(e) => draft.setFixed("character", e.target.value)}>
          <option value="">{t.generate.noCharacter}</option>
          {data.map((c) => (
            <option key={c.id} value={c.id}>
              {c.name ?? c.id}
            </option>
          ))}
        </Select>
      </div>
      {chosen && (
        <div className="flex gap-3 pt-1">
          {chosen.reference_image && (
            <span className="size-12 shrink-0 overflow-hidden rounded-md bg-hover">
              {url && <img src={url} alt="" className="size-full object-cover" />}
            </span>
          )}
          <p className="min-w-0 break-words text-muted text-sm">{summary(chosen)}</p>
        </div>
      )}
    </section>
  );
}
