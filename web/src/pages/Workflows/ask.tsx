import { type ReactNode, useState } from "react";
import { workflows as pageText } from "@/text/en/workflows";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { toast } from "@/ui/toast";

interface AskProps {
  open: boolean;
  onClose: () => void;
  title: string;
  text: string;
  onRemove: () => Promise<unknown>;
}

/** AskRemove asks before something is deleted that cannot come back. */
export function AskRemove({ open, onClose, title, text, onRemove }: AskProps) {
  const [busy, setBusy] = useState(false);
  const remove = async () => {
    setBusy(true);
    try {
      await onRemove();
      onClose();
    } catch (error) {
      toast.failed(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      open={open}
      onOpenChange={(o) => !o && onClose()}
      title={title}
      footer={
        <>
          <Button onClick={onClose}>{pageText.keep}</Button>
          <Button look="danger" busy={busy} data-autofocus onClick={() => void remove()}>
            {pageText.remove}
          </Button>
        </>
      }
    >
      <p className="text-muted">{text}</p>
    </Dialog>
  );
}

/** Section is a part of a detail, with its heading. */
export function Section({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  return (
    <section aria-label={title} className="border-line border-t py-4">
      <div className="mb-2 flex min-h-7 items-center justify-between gap-3">
        <h3 className="font-semibold text-muted text-sm">{title}</h3>
        {aside}
      </div>
      {children}
    </section>
  );
}
