import { useEffect, useRef, useState } from "react";
import type { Input } from "@/api/types";
import { filesOf, fits, resultOf, takeInto } from "@/components/ParameterControls/take-file";
import { t } from "@/text";
import { toast } from "@/ui/toast";
import type { FormValues } from "./form-values";

type Field = Pick<Input, "name" | "type" | "role">;

/** useDrop takes files that are dropped anywhere on the page, or pasted, into the first field that is free and of their kind. */
export function useDrop(files: Field[], values: FormValues) {
  const [over, setOver] = useState(false);
  const depth = useRef(0);
  // The first free one of a kind, or the first.
  const fieldOf = (kind: (type: string) => boolean, taken?: Map<Field, File[]>) => {
    const fields = files.filter((f) => f.role !== "mask" && kind(f.type));
    return fields.find((f) => values.get(f.name) === undefined && !taken?.has(f)) ?? fields[0];
  };
  const take = (list: File[]) => {
    const taken = new Map<Field, File[]>();
    for (const file of list) {
      const field = fieldOf((type) => fits(type, file), taken);
      if (field) taken.set(field, [...(taken.get(field) ?? []), file]);
      else toast.failed(new Error(t.generate.takesNone(file.name)));
    }
    for (const [field, own] of taken) void takeInto(values, field, own, (picture) => values.set(field.name, picture));
  };
  const latest = useRef(take);
  latest.current = take;
  useEffect(() => {
    const onPaste = (e: ClipboardEvent) => {
      const list = filesOf(e.clipboardData);
      if (list.length === 0) return;
      e.preventDefault();
      latest.current(list);
    };
    addEventListener("paste", onPaste);
    return () => removeEventListener("paste", onPaste);
  }, []);
  const ours = (e: React.DragEvent) => e.dataTransfer.types.includes("Files");
  return {
    over,
    handlers: {
      onDragEnter: (e: React.DragEvent) => {
        if (!ours(e)) return;
        depth.current++;
        setOver(true);
      },
      onDragLeave: (e: React.DragEvent) => {
        if (!ours(e)) return;
        depth.current = Math.max(0, depth.current - 1);
        if (depth.current === 0) setOver(false);
      },
      onDragOver: (e: React.DragEvent) => e.preventDefault(),
      onDropCapture: () => {
        depth.current = 0;
        setOver(false);
      },
      onDrop: (e: React.DragEvent) => {
        e.preventDefault();
        const result = resultOf(e.dataTransfer);
        const field = result && fieldOf((type) => type.includes("image"));
        if (field) values.set(field.name, result);
        else if (!result) take(filesOf(e.dataTransfer));
      },
    },
  };
}
