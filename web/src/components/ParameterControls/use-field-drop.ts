import { type DragEvent, useState } from "react";
import { filesOf, resultOf } from "./take-file";
import type { Picture } from "./values";

/** useFieldDrop takes what is dropped onto a field, files or a result of the page; the page behind it does not get it. */
export function useFieldDrop(onResult: (picture: Picture) => void, onFiles: (files: File[]) => void) {
  const [over, setOver] = useState(false);
  const taken = (e: DragEvent, isOver: boolean) => {
    e.preventDefault();
    e.stopPropagation();
    setOver(isOver);
  };
  return {
    over,
    handlers: {
      onDragOver: (e: DragEvent) => taken(e, true),
      onDragLeave: () => setOver(false),
      onDrop: (e: DragEvent) => {
        taken(e, false);
        const result = resultOf(e.dataTransfer);
        if (result) onResult(result);
        else onFiles(filesOf(e.dataTransfer));
      },
    },
  };
}
