/**
 * rescueFocus gives the keyboard a place when what had it goes with what is just being done, such as a bar that closes:
 * else the next Tab would begin at the top of the page.
 */
export function rescueFocus(to: () => HTMLElement | null | undefined) {
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      if (!document.activeElement || document.activeElement === document.body) to()?.focus();
    }),
  );
}
