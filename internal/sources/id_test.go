package sources

import "testing"

func TestIDFrom(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"flux_single": "flux_single", "My Graph (2)": "my_graph_2", "Été": "été", "工作流 (2)": "工作流_2", "🎨": "", "--x--": "x", "...": "", "A-b": "a-b",
	} {
		if got := IDFrom(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
