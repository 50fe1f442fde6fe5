import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { ImagePlus } from "lucide-react";
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { api, ask, type GenerateRequest, type Job } from "@/api/client";
import { events, hasEnded, useActiveStates, useMoving } from "@/api/events";
import { problemOf } from "@/api/problem";
import { queries, queryClient } from "@/api/queries";
import { session } from "@/api/session";
import type { Workflow } from "@/api/types";
import { useShortcuts } from "@/app/shortcuts";
import { layOut } from "@/components/ParameterControls/kinds";
import { type Picture, picturesOf, ValuesContext } from "@/components/ParameterControls/values";
import { WorkflowSelector } from "@/components/WorkflowSelector";
import { stateOf, useStandings } from "@/components/WorkflowSelector/state";
import { t } from "@/text";
import { copyText } from "@/ui/copy";
import { cx } from "@/ui/cx";
import { Empty, Failed } from "@/ui/empty";
import { toast } from "@/ui/toast";
import { asCommand, asCurl } from "./command";
import { draft, keyOf, useFixed } from "./draft";
import { Filmstrip } from "./filmstrip";
import { firstWorkflow } from "./first";
import { follow } from "./follow";
import { Form } from "./form";
import { FormValues, Marks } from "./form-values";
import { startNotifying } from "./notify";
import { PresetDialog } from "./preset-dialog";
import { build, fieldName } from "./request";
import { RunBar } from "./run-bar";
import { pictureOfOutput, RunStage } from "./stage";
import { takeAsInput, takeSettings } from "./take";
import { useCount } from "./use-count";
import { useDrop } from "./use-drop";
import { useSubmit } from "./use-submit";

const MaskEditor = lazy(() => import("@/components/MaskEditor"));

export interface GenerateSearch {
  workflow?: string; // is opened
  job?: string; // its settings are read into the form
  image?: string; // the result with this id is the input
  preset?: string; // the settings that were kept under this name
}

const text = (v: unknown) => (typeof v === "string" && v !== "" ? v : undefined);

export const readSearch = (search: Record<string, unknown>): GenerateSearch => ({
  workflow: text(search.workflow),
  job: text(search.job),
  image: text(search.image),
  preset: text(search.preset),
});

const route = getRouteApi("/generate");

export function Generate() {
  const workflows = useQuery(queries.workflows);
  const thumbnails = useQuery(queries.thumbnails);
  const chosen = useFixed("workflow");
  const [picking, setPicking] = useState(false);
  const [wanted, setWanted] = useState(false);
  const automatic = useFixed("automatic"); // outlives a reload, as the workflow does
  const list = workflows.data;
  const workflow = list?.find((w) => w.id === chosen);
  useAddress();
  useEffect(startNotifying, []);
  useEffect(() => {
    if (!list?.length || draft.fixed("workflow")) return; // of now: the address may just have named one
    const first = firstWorkflow(list);
    if (!first) return;
    draft.setFixed("workflow", first.id);
    draft.setFixed("automatic", first.id);
  }, [list]);

  if (workflows.error && !list) {
    return (
      <main className="h-full">
        <Failed error={workflows.error} onRetry={() => void workflows.refetch()} />
      </main>
    );
  }
  const selector = list && (
    <WorkflowSelector
      workflows={list}
      value={chosen}
      onChange={(id) => {
        setWanted(false); // it was wanted of the one before
        draft.setFixed("workflow", id);
      }}
      thumbnails={thumbnails.data ?? {}}
      open={picking}
      onOpenChange={setPicking}
    />
  );
  return (
    <>
      {list && automatic !== "" && chosen === automatic && <FirstThatRuns workflows={list} opened={chosen} />}
      <Workbench
        key={chosen}
        workflow={workflow}
        gone={!!list && !!chosen && !workflow}
        selector={selector}
        onPick={() => setPicking(true)}
        wanted={wanted}
        onWant={setWanted}
      />
    </>
  );
}

/** FirstThatRuns leaves what a first visit opened for one that runs, where the backends lack what it needs and nothing was typed yet. */
function FirstThatRuns({ workflows, opened }: { workflows: Workflow[]; opened: string }) {
  const standings = useStandings();
  const lacks = (w: Workflow) => stateOf(standings.of(w.id)).state === "lacking";
  const current = workflows.find((w) => w.id === opened);
  const known = current && standings.of(current.id).every((s) => !s.asking);
  const next = known && lacks(current) ? firstWorkflow(workflows.filter((w) => !lacks(w))) : undefined;
  useEffect(() => {
    if (next && draft.get("role:prompt") === undefined) draft.setFixed("workflow", next.id);
  }, [next]);
  return null;
}

/** useAddress takes what the address asks for, once, and leaves the plain address behind. */
function useAddress() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  useEffect(() => {
    if (!search.workflow && !search.job && !search.image && !search.preset) return;
    void (async () => {
      try {
        if (search.workflow) draft.setFixed("workflow", search.workflow);
        if (search.job) {
          const job = await ask(api.GET("/api/v1/jobs/{id}", { params: { path: { id: search.job } } }));
          await takeSettings(job.request as GenerateRequest, job);
        }
        if (search.preset) {
          const { request } = await ask(api.GET("/api/v1/presets/{name}", { params: { path: { name: search.preset } } }));
          await takeSettings(request as GenerateRequest);
          toast.done(t.generate.presetUsed(search.preset));
        }
        if (search.image) {
          const output = await ask(api.GET("/api/v1/outputs/{id}", { params: { path: { id: search.image } } }));
          await takeAsInput(pictureOfOutput(output), false);
        }
      } catch (error) {
        toast.failed(error);
      }
      await navigate({ search: {}, replace: true });
    })();
  }, [search, navigate]);
}

interface WorkbenchProps {
  workflow: Workflow | undefined;
  gone: boolean;
  selector: React.ReactNode;
  onPick: () => void;
  wanted: boolean; // a run, as soon as the form can tell what of
  onWant: (wanted: boolean) => void;
}

function Workbench({ workflow, gone, selector, onPick, wanted, onWant }: WorkbenchProps) {
  const id = workflow?.id ?? "";
  const schema = useQuery(queries.schema(id));
  const characters = useQuery(queries.characters);
  const character = useFixed("character");
  const sitting = useFixed("sitting");
  const [picked, setPicked] = useState<string>();
  // What runs is shown, and stays when it ended, until another run begins or one is picked.
  const states = useActiveStates();
  const followed = useRef<string>(undefined);
  const moving = useMoving();
  followed.current = follow(sitting, followed.current, { states, moving });
  const shown = [picked, followed.current].find((run) => run && sitting.includes(run)) ?? sitting[0];
  const { sending, submit } = useSubmit();
  const [painting, setPainting] = useState(false);
  const [saving, setSaving] = useState<GenerateRequest>();
  const form = useRef<HTMLDivElement>(null);

  const inputs = schema.data?.inputs;
  const layout = useMemo(() => inputs && layOut(inputs), [inputs]);
  const chosenCharacter = characters.data?.find((c) => c.id === character);
  const [marks] = useState(() => new Marks());
  const uploading = useSyncExternalStore(
    (on) => marks.subscribe("", on),
    () => marks.uploads.size > 0,
  );
  // A character changes what holds where nothing is set: the form is drawn anew with it.
  const values = useMemo(() => {
    const v = new FormValues(id, inputs ?? [], marks);
    v.character = chosenCharacter;
    return v;
  }, [id, inputs, chosenCharacter, marks]);

  useEffect(() => {
    if (!inputs) return;
    const lost = draft.prune(id, new Set(inputs.map((i) => i.name)));
    if (lost.length > 0) toast.done(t.generate.workflowChanged(lost.join(", ")));
  }, [id, inputs]);

  const make = useCallback(() => {
    if (!workflow || !inputs) return undefined;
    return build({
      workflow: workflow.id,
      inputs,
      batch: workflow.supports_batch === true,
      get: (input) => draft.get(keyOf(workflow.id, input)),
      character: draft.fixed("character"),
      count: draft.fixed("count"),
      sweep: draft.fixed("sweep"),
      zip: draft.fixed("zip"),
    });
  }, [workflow, inputs]);
  const count = useCount(() => make()?.request);

  const showProblem = (name: string | undefined) => {
    if (!name) return;
    // After the fold opened.
    requestAnimationFrame(() => {
      const field = form.current?.querySelector<HTMLElement>(`[data-parameter="${CSS.escape(name)}"]`);
      field?.scrollIntoView({ block: "center" });
      (field?.querySelector<HTMLElement>("textarea, input:not([type=file]), select") ?? field?.querySelector("button"))?.focus({
        preventScroll: true,
      });
    });
  };

  // Each asking is a run, also while the one before is on its way. What it is of is not known while the form loads or takes in a file.
  const run = () => {
    const why = gone ? new Error(t.generate.workflowGone) : (schema.error ?? (events.getConnection() === "away" && new TypeError("away")));
    if (!inputs && why) toast.failed(why);
    else if (!inputs || uploading) onWant(true);
    else void runNow();
  };
  const press = () => {
    takeTyped();
    run();
  };
  useEffect(() => {
    if (!wanted || uploading || !(inputs || gone || schema.error)) return;
    onWant(false);
    const wrong = [...marks.problems.keys()][0];
    if (wrong)
      showProblem(wrong); // the file was refused
    else run();
  });
  const runNow = async () => {
    const made = make();
    if (!made || !inputs) return;
    const first = values.setProblems(made.problems);
    if (first) {
      toast.failed(new Error(t.generate.fixFirst(made.problems.length)));
      return showProblem(first);
    }
    const sent = new Map(inputs.map((i) => [i.name, values.get(i.name)]));
    try {
      const answer = await submit(made.request);
      const ids = "jobs" in answer ? answer.jobs : [answer.id];
      if (!("jobs" in answer)) events.put(answer);
      draft.addSitting(ids);
      setPicked(undefined);
      if (states.size === 0) followed.current = ids[0];
      if (ids.length > 1) toast.done(t.generate.queued(ids.length));
    } catch (error) {
      const problem = problemOf(error);
      const fields = problem.fields.map((f) => ({ name: fieldName(f.field ?? "", inputs), message: f.message ?? problem.message }));
      // What was changed since is another value, of which nothing is known.
      const known = fields.filter((f) => sent.has(f.name) && sent.get(f.name) === values.get(f.name));
      showProblem(values.setProblems(known));
      toast.failed(problem);
      // The workflow may be another one by now.
      if (problem.status === 400 || problem.status === 404) void queryClient.invalidateQueries({ queryKey: ["workflows"] });
    }
  };

  const cancel = async (j: Job) => {
    try {
      events.put(await ask(api.POST("/api/v1/jobs/{id}/cancel", { params: { path: { id: j.id } } })));
    } catch (error) {
      toast.failed(error);
    }
  };
  const actions = {
    cancel,
    retry: async (j: Job) => {
      try {
        events.put(await ask(api.POST("/api/v1/jobs/{id}/retry", { params: { path: { id: j.id } } })));
      } catch (error) {
        toast.failed(error);
      }
    },
    takeSettings: async (j: Job) => {
      try {
        await takeSettings(j.request as GenerateRequest, j);
        toast.done(t.generate.settingsUsed);
      } catch (error) {
        toast.failed(error);
      }
    },
    takeAsInput: async (p: Picture) => {
      await takeAsInput(p, false);
      toast.done(t.generate.tookInput);
    },
    repair: async (p: Picture) => {
      const before = draft.fixed("workflow");
      await takeAsInput(p, true);
      if (draft.fixed("workflow") === before) setPainting(true);
      else wantsMask = true; // the bench of the other workflow opens it
    },
  };
  useEffect(() => {
    if (wantsMask && layout?.files.some((f) => f.role === "mask")) {
      wantsMask = false;
      setPainting(true);
    }
  }, [layout]);

  const copy = async (as: "command" | "curl") => {
    const made = make();
    if (!made) return;
    const pictures = Object.fromEntries((inputs ?? []).map((i) => [i.name, draft.get(keyOf(id, i))]));
    await (as === "command"
      ? copyText(asCommand(made.request, pictures), t.generate.commandCopied)
      : copyText(asCurl(made.request, location.origin, session.hasKey()), t.generate.curlCopied));
  };

  const cancelShown = () => {
    const job = events.job(shown ?? "");
    if (job && !hasEnded(job)) void cancel(job);
  };
  const pick = (step: number) => {
    const next = sitting[sitting.indexOf(shown ?? "") + step];
    if (next) setPicked(next);
  };
  useShortcuts([
    { keys: "mod+enter", label: t.generate.run, group: t.generate.title, inFields: true, run: (e) => e.repeat || press() },
    { keys: "mod+backspace", label: t.generate.cancelRun, group: t.generate.title, run: cancelShown },
    { keys: "w", label: t.generate.chooseWorkflow, group: t.generate.title, run: onPick },
    { keys: "arrowleft", label: t.generate.newer, group: t.generate.title, run: () => pick(-1) },
    { keys: "arrowright", label: t.generate.older, group: t.generate.title, run: () => pick(1) },
  ]);

  const dropping = useDrop(layout?.files ?? [], values);
  const image = picturesOf(draft.get("role:image"))[0];
  const last = useCallback(() => {
    for (const run of draft.fixed("sitting")) {
      const output = events.job(run)?.outputs.find((o) => o.kind === "image");
      if (output) return pictureOfOutput(output);
    }
    return undefined;
  }, []);
  const paint = useCallback(() => {
    if (picturesOf(draft.get("role:image")).length === 0) toast.failed(new Error(t.generate.maskFirst));
    else setPainting(true);
  }, []);

  return (
    <main className="flex h-full min-h-0 flex-col md:flex-row" {...dropping.handlers}>
      <h1 className="sr-only">{t.generate.title}</h1>
      <section
        aria-label={t.generate.stage}
        className={cx(
          "relative order-1 flex min-h-0 min-w-0 shrink-0 flex-col gap-2 p-3 md:order-2 md:flex-1 md:basis-0 md:p-5",
          sitting.length ? "basis-[46%]" : "basis-[24%]",
        )}
      >
        <div className="min-h-0 flex-1">
          <RunStage id={shown} actions={actions} />
        </div>
        <Filmstrip ids={sitting} shown={shown} onShow={setPicked} />
      </section>
      <section
        aria-label={t.generate.form}
        className="order-2 flex min-h-0 flex-1 flex-col border-line border-t bg-surface md:order-1 md:w-[25rem] md:flex-none md:border-t-0 md:border-r"
      >
        <div ref={form} className="scroll min-h-0 flex-1 px-4 pt-3">
          <div className="pb-3">{selector ?? <div className="h-14.5 animate-pulse rounded-lg bg-sunken" />}</div>
          {gone && <Empty title={t.generate.workflowGone} hint={t.generate.workflowGoneHint} />}
          {schema.error && !layout && <Failed error={schema.error} onRetry={() => void schema.refetch()} />}
          {workflow && layout && (
            <ValuesContext value={values}>
              <Form workflow={workflow} layout={layout} last={last} onPaint={paint} />
            </ValuesContext>
          )}
        </div>
        <RunBar
          inputs={inputs ?? []}
          count={count}
          wanted={wanted}
          sending={sending}
          running={sitting.some((run) => states.has(run))}
          disabled={!layout}
          onRun={press}
          onCopy={(as) => void copy(as)}
          onSave={() => setSaving(make()?.request)}
        />
      </section>
      {dropping.over && (
        <div className="pointer-events-none fixed inset-2 z-30 grid place-items-center rounded-lg border-2 border-accent border-dashed bg-scrim">
          <span className="flex items-center gap-2 rounded-lg bg-raised px-4 py-3 font-medium shadow-float">
            <ImagePlus className="size-5" />
            {t.generate.dropNow}
          </span>
        </div>
      )}
      {saving && <PresetDialog request={saving} onClose={() => setSaving(undefined)} />}
      {painting && image && (
        <Suspense>
          <MaskEditor
            image={image}
            mask={picturesOf(draft.get("role:mask"))[0]}
            onClose={() => setPainting(false)}
            onDone={(mask) => {
              draft.set("role:mask", mask);
              const input = inputs?.find((i) => i.role === "mask");
              if (input) values.setProblem(input.name, undefined);
              setPainting(false);
            }}
          />
        </Suspense>
      )}
    </main>
  );
}

let wantsMask = false;

/** takeTyped takes what is still being typed: a number is held to its range when its field is left. */
function takeTyped() {
  const field = document.activeElement;
  if (!(field instanceof HTMLInputElement)) return;
  field.blur();
  field.focus({ preventScroll: true });
}
