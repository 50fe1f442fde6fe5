export const settings = {
  title: "Settings",
  theme: "Theme",
  themes: { system: "As the system", light: "Light", dark: "Dark" },
  signOut: "Sign out",
};
