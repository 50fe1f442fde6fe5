package cmd

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/registry"
)

func TestSpreadMedia(t *testing.T) {
	t.Parallel()
	params := []*registry.Parameter{
		{Name: "video", Type: registry.TypeVideo},
		{Name: "end", Type: registry.TypeVideo},
		{Name: "music", Type: registry.TypeAudio},
		{Name: "steps", Type: registry.TypeInt},
	}
	for _, test := range []struct {
		name, flags, want string // name:text, in order
	}{
		{"one each", "video:a.mp4 music:m.wav steps:3", "video:a.mp4 music:m.wav steps:3"},
		{"in order", "video:a.mp4 video:b.mp4", "video:a.mp4 end:b.mp4"},
		{"by name", "video:end=b.mp4 video:a.mp4", "end:b.mp4 video:a.mp4"},
		{"beside a flag of its own", "video:a.mp4 end:b.mp4", "video:a.mp4 end:b.mp4"},
		{"a name of something else", "video:c=d.mp4", "video:c=d.mp4"},
		{"too many", "video:a.mp4 video:b.mp4 video:c.mp4", ""},
		{"too many with a name", "video:a.mp4 video:video=b.mp4 end:c.mp4", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var flags []registry.Arg
			for _, word := range strings.Fields(test.flags) {
				name, text, _ := strings.Cut(word, ":")
				flags = append(flags, registry.Arg{Name: name, Text: text})
			}
			out, err := spreadMedia(flags, params, "w")
			if (err != nil) != (test.want == "") {
				t.Fatalf("error %v", err)
			}
			var got []string
			for _, arg := range out {
				got = append(got, arg.Name+":"+arg.Text)
			}
			if diff := cmp.Diff(test.want, strings.Join(got, " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}
