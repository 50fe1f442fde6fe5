import type { Page } from "playwright-core";

export interface Rendered {
  components: number;
  fields: string[]; // names of the parameters whose controls were among them
}

/**
 * countRenders has the page count what React renders, from its next load on, by the hook of React's developer tools, which a production
 * build has as well. The function it gives takes what was rendered since it was called last.
 */
export async function countRenders(page: Page): Promise<() => Promise<Rendered>> {
  await page.addInitScript(hook);
  return () =>
    page.evaluate(async () => {
      await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
      const seen = (globalThis as unknown as { renders: { components: number; fields: Set<string> } }).renders;
      const taken = { components: seen.components, fields: [...seen.fields] };
      seen.components = 0;
      seen.fields.clear();
      return taken;
    });
}

/** A Fiber is React's note of a component or an element; what a render did not visit is the same object as before. */
interface Fiber {
  tag: number;
  flags: number;
  child: Fiber | null;
  sibling: Fiber | null;
  alternate: Fiber | null;
  memoizedProps: Record<string, unknown> | null;
}

function hook() {
  const performedWork = 1;
  const functions = new Set([0, 11, 14, 15]); // functions, with a ref, memoized
  const seen = { components: 0, fields: new Set<string>() };
  const children = (fiber: Fiber | null) => {
    const list: Fiber[] = [];
    for (let f = fiber?.child ?? null; f; f = f.sibling) list.push(f);
    return list;
  };
  const walk = (now: Fiber, before: Fiber | null, inRendered: boolean) => {
    let rendered = inRendered;
    if (functions.has(now.tag)) {
      rendered = (now.flags & performedWork) !== 0;
      if (rendered) seen.components++;
    }
    const field = now.memoizedProps?.["data-parameter"];
    if (rendered && typeof field === "string") seen.fields.add(field);
    if (before && now.child === before.child) return;
    const old = new Set(children(before));
    for (const child of children(now)) {
      if (!old.has(child)) walk(child, child.alternate && old.has(child.alternate) ? child.alternate : null, rendered);
    }
  };
  Object.assign(globalThis, {
    renders: seen,
    __REACT_DEVTOOLS_GLOBAL_HOOK__: {
      supportsFiber: true,
      inject: () => 1,
      onCommitFiberUnmount: () => {},
      onCommitFiberRoot: (_: number, root: { current: Fiber }) => walk(root.current, root.current.alternate, false),
    },
  });
}
