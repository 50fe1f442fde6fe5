import { useCallback, useState } from "react";
import type { Output } from "@/api/client";
import { t } from "@/text";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";

const askedFrom = 10; // so many are deleted only when it was meant

interface Props {
  items: Output[] | undefined; // nothing is asked without them
  onClose: () => void;
  onRemove: (items: Output[]) => void;
}

/** useRemoval deletes few results at once, and many when RemoveMany was answered, which takes asking. */
export function useRemoval(onRemove: (items: Output[]) => void): { remove: (items: Output[]) => void; asking: Props } {
  const [items, setItems] = useState<Output[]>();
  const remove = useCallback(
    (gone: Output[]) => {
      if (gone.length >= askedFrom) setItems(gone);
      else if (gone.length > 0) onRemove(gone);
    },
    [onRemove],
  );
  const onClose = () => setItems(undefined);
  const confirmed = (gone: Output[]) => {
    onClose();
    onRemove(gone);
  };
  return { remove, asking: { items, onClose, onRemove: confirmed } };
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
