import { cva, type VariantProps } from "class-variance-authority";
import { LoaderCircle } from "lucide-react";
import type { ComponentProps } from "react";
import { cx } from "./cx";
import { Tooltip } from "./tooltip";

const look = cva(
  "inline-flex shrink-0 select-none items-center justify-center gap-2 whitespace-nowrap rounded-md font-medium transition-colors duration-150 disabled:pointer-events-none disabled:opacity-50 [&_svg]:size-4 [&_svg]:shrink-0",
  {
    variants: {
      look: {
        primary: "bg-fill text-on-fill hover:bg-fill-hover",
        plain: "border border-line bg-surface text-text hover:bg-hover",
        quiet: "text-muted hover:bg-hover hover:text-text aria-pressed:bg-tint aria-pressed:text-accent data-[state=open]:bg-hover",
        danger: "border border-line bg-surface text-bad hover:bg-bad-tint",
        over: "bg-over text-white hover:bg-black",
      },
      size: { sm: "h-7 px-2 text-sm", md: "h-8 px-3", lg: "h-10 px-4", icon: "size-8", "icon-sm": "size-7" },
    },
    defaultVariants: { look: "plain", size: "md" },
  },
);

interface ButtonProps extends ComponentProps<"button">, VariantProps<typeof look> {
  busy?: boolean;
}

/** Button does something. Its text is a verb. */
export function Button({ className, look: l, size, busy, children, disabled, type = "button", ...rest }: ButtonProps) {
  return (
    <button
      type={type}
      className={cx(look({ look: l, size }), className)}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      {...rest}
    >
      {busy && <LoaderCircle className="animate-spin" aria-hidden />}
      {children}
    </button>
  );
}

interface IconButtonProps extends Omit<ButtonProps, "children"> {
  label: string; // for the tooltip and for who does not see the icon
  keys?: string;
  words?: string; // shown beside the icon where there is room, and its name
  children: React.ReactNode;
}

/** IconButton is a button that shows an icon; its label is said and shown on hover. */
export function IconButton({ label, keys, words, look: l = "quiet", size = "icon", className, children, ...rest }: IconButtonProps) {
  return (
    <Tooltip text={label} keys={keys}>
      <Button aria-label={words ?? label} look={l} size={size} className={cx(words && "rail:w-auto rail:px-2", className)} {...rest}>
        {children}
        {words && <span className="hidden rail:inline">{words}</span>}
      </Button>
    </Tooltip>
  );
}

/** buttonLook dresses a link as a button. */
export const buttonLook = (props: VariantProps<typeof look> = {}, className?: string) => cx(look(props), className);
