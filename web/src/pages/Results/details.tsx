import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Copy, Grid3x3, Layers } from "lucide-react";
import type { ReactNode } from "react";
import type { Output } from "@/api/client";
import { queries } from "@/api/queries";
import { useLabels } from "@/components/OutputView/labels";
import { baseName } from "@/components/OutputView/picture";
import { t } from "@/text";
import { duration } from "@/text/duration";
import { bytes, count, moment } from "@/text/format";
import { buttonLook, IconButton } from "@/ui/button";
import { copyText } from "@/ui/copy";
import { pointOf } from "./sweep";

const shown = (v: unknown) => (typeof v === "string" ? v : JSON.stringify(v));

function Rows({ title, rows }: { title: string; rows: [string, ReactNode, string?][] }) {
  const there = rows.filter(([, value]) => value !== null && value !== undefined && value !== "");
  if (there.length === 0) return null;
  return (
    <section className="border-line border-t py-3">
      <h3 className="mb-1.5 font-medium text-muted text-sm">{title}</h3>
      <dl className="grid grid-cols-1 gap-1">
        {there.map(([name, value, copied]) => (
          <div key={name} className="group/row flex min-h-6 items-start gap-3">
            <dt className="w-26 shrink-0 truncate pt-0.5 text-muted" title={name}>
              {name}
            </dt>
            <dd className="flex min-w-0 flex-1 items-start gap-1">
              <span className="min-w-0 flex-1 break-words pt-0.5">{value}</span>
              {copied !== undefined && <CopyButton label={`${t.results.copyHash} ${name}`} text={copied} />}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

const CopyButton = ({ label, text }: { label: string; text: string }) => (
  <IconButton label={label} size="icon-sm" className="-my-0.5" onClick={() => void copyText(text)}>
    <Copy />
  </IconButton>
);

const mono = (text: string) => <code className="break-all font-mono text-sm">{text}</code>;

interface Request {
  prompt?: string;
  negative?: string;
  params?: Record<string, unknown>;
  inputs?: Record<string, string>;
  input_image?: string;
  mask?: string;
  [key: string]: unknown;
}

const elsewhere = new Set([
  "workflow_id",
  "character_id",
  "prompt",
  "negative",
  "params",
  "inputs",
  "input_image",
  "mask",
  "count",
  "sweep",
  "zip",
  "webhook",
  "priority",
]);

/** Details are all that is known of a result: what was asked, what ran, what was stored. */
export function Details({ output: o }: { output: Output }) {
  const job = useQuery(queries.job(o.job_id));
  const workflows = useQuery(queries.workflows);
  const characters = useQuery(queries.characters);
  const request = (job.data?.request ?? {}) as Request;
  const prompt = o.prompt || request.prompt || "";
  const workflow = workflows.data?.find((w) => w.id === o.workflow_id);
  const character = characters.data?.find((c) => c.id === o.character_id);
  const { label } = useLabels(o.workflow_id);
  const point = pointOf(o);
  const others = Object.entries(request).filter(([k, v]) => !elsewhere.has(k) && v !== null);
  const params = [...Object.entries(request.params ?? {}), ...others].filter(([k]) => k !== "seed" && !(point && k in point));
  const inputs = Object.entries({
    ...(request.input_image ? { image: request.input_image } : {}),
    ...(request.mask ? { mask: request.mask } : {}),
    ...request.inputs,
  });
  const { started_at: started, finished_at: finished } = job.data ?? {};
  return (
    <div className="text-base">
      {prompt && (
        <section className="pb-3">
          <div className="flex items-center justify-between">
            <h3 className="font-medium text-muted text-sm">{t.results.prompt}</h3>
            <CopyButton label={t.results.copyPrompt} text={prompt} />
          </div>
          <p className="whitespace-pre-wrap break-words">{prompt}</p>
        </section>
      )}
      {request.negative && (
        <section className="pb-3">
          <h3 className="font-medium text-muted text-sm">{t.results.negative}</h3>
          <p className="whitespace-pre-wrap break-words text-muted">{request.negative}</p>
        </section>
      )}
      <Rows
        title={t.results.parameters}
        rows={[
          [t.results.workflow, workflow?.name || o.workflow_id],
          [t.results.character, o.character_id ? character?.name || o.character_id : null],
          [t.results.seed, o.seed && mono(o.seed), o.seed ?? undefined],
          ...Object.entries(point ?? {}).map(([k, v]): [string, ReactNode] => [label(k), v]),
          ...params.map(([k, v]): [string, ReactNode] => [label(k), shown(v)]),
          ...inputs.map(([k, v]): [string, ReactNode] => [label(k), mono(shown(v))]),
        ]}
      />
      {job.data && <p className="pb-3 text-muted text-sm">{t.results.onlyChanged}</p>}
      {o.batch_id && (
        <div className="pb-3">
          {point ? (
            <Link to="/results" search={{ sweep: o.batch_id }} className={buttonLook({ size: "sm" })}>
              <Grid3x3 aria-hidden /> {t.results.showSweep}
            </Link>
          ) : (
            <Link to="/results" search={{ batch: o.batch_id }} className={buttonLook({ size: "sm" })}>
              <Layers aria-hidden /> {t.results.showBatch}
            </Link>
          )}
        </div>
      )}
      {(job.data?.warnings.length ?? 0) > 0 && (
        <section className="border-line border-t py-3">
          <h3 className="mb-1 font-medium text-sm text-warn">{t.results.warnings}</h3>
          {job.data?.warnings.map((w) => (
            <p key={w} className="break-words">
              {w}
            </p>
          ))}
        </section>
      )}
      <Rows
        title={t.results.file}
        rows={[
          [t.results.size, o.width && o.height ? t.results.pixels(o.width, o.height) : null],
          [t.results.kind, o.media_type],
          [
            t.results.bytes,
            <span key="bytes" title={count(o.bytes)}>
              {bytes(o.bytes)}
            </span>,
          ],
          [
            t.results.name,
            <span key="name" className="break-all">
              {baseName(o.name)}
            </span>,
          ],
          [t.results.path, mono(o.path), o.path],
          [t.results.hash, mono(`${o.sha256.slice(0, 16)}…`), o.sha256],
        ]}
      />
      <Rows
        title={t.results.run}
        rows={[
          [t.results.made, moment(o.created_at)],
          [t.results.took, started && finished ? duration(Date.parse(finished) - Date.parse(started)) : null],
          [t.results.backend, job.data?.backend],
          [t.results.node, o.node],
          [t.results.job, mono(o.job_id), o.job_id],
        ]}
      />
    </div>
  );
}
