import { useState } from "react";
import { api, ask, type GenerateRequest } from "@/api/client";
import { queryClient } from "@/api/queries";
import { t } from "@/text";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field } from "@/ui/field";
import { toast } from "@/ui/toast";

/** PresetDialog keeps a request under a name. */
export function PresetDialog({ request, onClose }: { request: GenerateRequest; onClose: () => void }) {
  const [name, setName] = useState("");
  const [busy, setBusy] = useState(false);
  const save = async () => {
    if (!name.trim()) return;
    setBusy(true);
    try {
      // The body is the request itself: docs/openapi.json has no type for it.
      await ask(api.PUT("/api/v1/presets/{name}", { params: { path: { name: name.trim() } }, body: request as never }));
      await queryClient.invalidateQueries({ queryKey: ["presets"] });
      toast.done(t.generate.presetSaved(name.trim()));
      onClose();
    } catch (error) {
      toast.failed(error);
      setBusy(false);
    }
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t.generate.savePreset}
      footer={
        <>
          <Button onClick={onClose}>{t.app.cancel}</Button>
          <Button look="primary" busy={busy} disabled={!name.trim()} onClick={() => void save()}>
            {t.app.save}
          </Button>
        </>
      }
    >
      <form
        onSubmit={(e) => {
          e.preventDefault();
          void save();
        }}
      >
        <Field label={t.generate.presetName} hint={t.generate.presetHint}>
          {(ids) => (
            <input {...ids} type="text" maxLength={100} value={name} onChange={(e) => setName(e.target.value)} className="field-box" />
          )}
        </Field>
      </form>
    </Dialog>
  );
}
