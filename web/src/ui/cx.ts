import { type ClassValue, clsx } from "clsx";
import { extendTailwindMerge } from "tailwind-merge";

const merge = extendTailwindMerge({ extend: { classGroups: { "font-size": [{ text: ["xs", "sm", "base", "lg", "xl"] }] } } });

/** cx joins class names; of two that say the same thing the later one holds. */
export const cx = (...classes: ClassValue[]) => merge(clsx(classes));
