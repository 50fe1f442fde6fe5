import { useEffect, useRef, useState } from "react";
import { filesOf, fits, resultOf, takeFile } from "@/components/ParameterControls/take-file";
import type { Picture } from "@/components/ParameterControls/values";
import { t } from "@/text";
import { toast } from "@/ui/toast";
import type { FormValues } from "./form-values";

/** useDrop takes files that are dropped anywhere on the page, or pasted, into the first field that is free and of their kind. */
export function useDrop(files: { name: string; type: string; role?: string }[], values: FormValues) {
  const [over, setOver] = useState(false);
  const depth = useRef(0);
  const put = (picture: Picture, kind: (type: string) => boolean) => {
    const fields = files.filter((f) => f.role !== "mask" && kind(f.type));
    const field = fields.find((f) => values.get(f.name) === undefined) ?? fields[0];
    if (field) values.set(field.name, picture);
    return field !== undefined;
  };
  const take = async (list: File[]) => {
    for (const file of list) {
      const field = files.find((f) => f.role !== "mask" && fits(f.type, file));
      try {
        if (!field) throw new Error(t.generate.takesNone(file.name));
        const picture = await takeFile(field.type, file, () => {});
        put(picture, (type) => fits(type, file));
      } catch (error) {
        toast.failed(error);
      }
    }
  };
  const latest = useRef(take);
  latest.current = take;
  useEffect(() => {
    const onPaste = (e: ClipboardEvent) => {
      const list = filesOf(e.clipboardData);
      if (list.length === 0) return;
      e.preventDefault();
      void latest.current(list);
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
        if (result) put(result, (type) => type.includes("image"));
        else void take(filesOf(e.dataTransfer));
      },
    },
  };
}
