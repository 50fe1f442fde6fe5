import { render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { Dialog } from "./dialog";
import { Tooltip, TooltipProvider } from "./tooltip";

test("one Escape closes a dialog, also while a tooltip stands over it", async () => {
  const onOpenChange = vi.fn();
  const { rerender } = render(<Over open onOpenChange={onOpenChange} />);
  await userEvent.tab();
  await screen.findByRole("tooltip");
  await userEvent.keyboard("{Escape}");
  expect(onOpenChange.mock.calls).toEqual([[false]]);
  expect(screen.queryByRole("tooltip")).toBeNull();
  rerender(<Over open={false} onOpenChange={onOpenChange} />);
});

const Over = (props: { open: boolean; onOpenChange: (open: boolean) => void }) => (
  <TooltipProvider>
    <Dialog {...props} title="Result" bare>
      <Tooltip text="Keeps it">
        <button type="button">Keep</button>
      </Tooltip>
    </Dialog>
  </TooltipProvider>
);
