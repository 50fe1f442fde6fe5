export const workflows = {
  title: "Workflows",
  open: "Open in Generate",
};
