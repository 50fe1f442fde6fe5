import type { Output } from "@/api/client";
import { t } from "@/text";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";

export const askedFrom = 10; // so many are deleted only when it was meant

interface Props {
  items: Output[] | undefined; // nothing is asked without them
  onClose: () => void;
  onRemove: (items: Output[]) => void;
}

/** RemoveMany asks whether many results are to be deleted. */
export function RemoveMany({ items, onClose, onRemove }: Props) {
  return (
    <Dialog
      open={items !== undefined}
      onOpenChange={(o) => !o && onClose()}
      title={t.results.deleteSure(items?.length ?? 0)}
      footer={
        <>
          <Button onClick={onClose}>{t.app.cancel}</Button>
          <Button look="danger" data-autofocus onClick={() => items && onRemove(items)}>
            {t.app.delete}
          </Button>
        </>
      }
    >
      <p>{t.results.deleteSureHint}</p>
    </Dialog>
  );
}
