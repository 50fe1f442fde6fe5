import { useMemo, useState } from "react";

/** Selection is which results are chosen, in the order in which they were. */
export interface Selection {
  ids: string[];
  has: (id: string) => boolean;
  toggle: (id: string) => void;
  add: (ids: string[]) => void;
  clear: () => void;
}

export function useSelection(): Selection {
  const [ids, setIds] = useState<string[]>([]);
  const change = useMemo(
    () => ({
      toggle: (id: string) => setIds((now) => (now.includes(id) ? now.filter((i) => i !== id) : [...now, id])),
      add: (more: string[]) => setIds((now) => [...new Set([...now, ...more])]),
      clear: () => setIds((now) => (now.length > 0 ? [] : now)),
    }),
    [],
  );
  return useMemo(() => {
    const set = new Set(ids);
    return { ids, has: (id: string) => set.has(id), ...change };
  }, [ids, change]);
}
