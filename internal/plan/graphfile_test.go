package plan

import "testing"

func TestGraphName(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"./art/portrait.json": "portrait", `C:portrait.app.json`: "C:portrait.app", "-": "stdin", "server:people/portrait.json": "portrait", "server:portrait": "portrait",
		"https://example.org/a/b.png?x=1": "b", "https://example.org/": "example",
	} {
		if got := GraphName(word); got != want {
			t.Errorf("%s is called %q, want %q", word, got, want)
		}
	}
}
