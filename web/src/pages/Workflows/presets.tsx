import { useQuery } from "@tanstack/react-query";
import { Bookmark, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { api, ask } from "@/api/client";
import { queries, queryClient } from "@/api/queries";
import { t } from "@/text";
import { moment } from "@/text/format";
import { Button, IconButton } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Empty, Failed } from "@/ui/empty";
import { Field } from "@/ui/field";
import { toast } from "@/ui/toast";
import { workflowQueries } from "./data";

interface Request {
  workflow_id?: string;
  prompt?: string;
}

const put = (name: string, request: unknown) =>
  ask(api.PUT("/api/v1/presets/{name}", { params: { path: { name } }, body: request as never })).then(() =>
    queryClient.invalidateQueries({ queryKey: ["presets"] }),
  );

/** Presets are requests that are kept under a name. */
export function Presets() {
  const { data, error, refetch } = useQuery(workflowQueries.presets);
  const workflows = useQuery(queries.workflows).data;
  const last = useQuery(queries.jobs({ status: ["succeeded"], limit: 1 })).data?.jobs[0];
  const [name, setName] = useState<string>();
  const remove = async (preset: { name: string; request: unknown }) => {
    try {
      await ask(api.DELETE("/api/v1/presets/{name}", { params: { path: { name: preset.name } } }));
      await queryClient.invalidateQueries({ queryKey: ["presets"] });
      toast.done(t.workflows.forgotten(preset.name), {
        label: t.app.undo,
        onClick: () => void put(preset.name, preset.request).catch(toast.failed),
      });
    } catch (e) {
      toast.failed(e);
    }
  };
  const save = async () => {
    if (!name?.trim() || !last) return;
    try {
      await put(name.trim(), last.request);
      toast.done(t.workflows.saved);
      setName(undefined);
    } catch (e) {
      toast.failed(e);
    }
  };
  if (error) return <Failed error={error} onRetry={() => void refetch()} />;
  if (!data) return null;
  return (
    <>
      {data.length === 0 && (
        <Empty icon={<Bookmark />} title={t.workflows.noPresets} hint={t.workflows.noPresetsHint}>
          {!last && <p className="text-muted">{t.workflows.noRun}</p>}
        </Empty>
      )}
      <ul className="divide-y divide-line">
        {data.map((p) => {
          const request = p.request as Request;
          return (
            <li key={p.name} className="flex items-center gap-4 py-3">
              <div className="min-w-0 flex-1">
                <h2 className="truncate font-medium">{p.name}</h2>
                <p className="line-clamp-2 break-words text-muted">{request.prompt}</p>
                <p className="text-muted text-sm">
                  {t.workflows.presetOf(workflows?.find((w) => w.id === request.workflow_id)?.name ?? request.workflow_id ?? "")},{" "}
                  {t.workflows.presetUpdated(moment(p.updated_at))}
                </p>
              </div>
              <IconButton label={`${t.app.delete} ${p.name}`} onClick={() => void remove(p)}>
                <Trash2 />
              </IconButton>
            </li>
          );
        })}
      </ul>
      {last && (
        <Button className="mt-4" onClick={() => setName("")}>
          <Plus aria-hidden />
          {t.workflows.savePreset}
        </Button>
      )}
      <Dialog
        open={name !== undefined}
        onOpenChange={(o) => !o && setName(undefined)}
        title={t.workflows.savePreset}
        footer={
          <>
            <Button onClick={() => setName(undefined)}>{t.app.cancel}</Button>
            <Button look="primary" disabled={!name?.trim()} onClick={() => void save()}>
              {t.workflows.save}
            </Button>
          </>
        }
      >
        <Field label={t.workflows.savePresetName} hint={(last?.request as Request | undefined)?.prompt}>
          {(ids) => (
            <input
              {...ids}
              className="field-box"
              value={name ?? ""}
              onChange={(e) => setName(e.target.value)}
              onKeyDown={(e) => e.key === "Enter" && void save()}
            />
          )}
        </Field>
      </Dialog>
    </>
  );
}
