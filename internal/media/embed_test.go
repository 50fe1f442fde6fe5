package media

import (
	"bytes"
	"encoding/json"
	"errors"
	"image"
	"strings"
	"testing"
)

// What is embedded is read back word for word, the picture looks as before, and
// stripping takes it out again.
func TestEmbed(t *testing.T) {
	t.Parallel()
	img := image.NewNRGBA(image.Rect(0, 0, 7, 5))
	profile := testProfile(400)
	photo, err := EncodeJPEG(img, JPEGQuality, profile)
	if err != nil {
		t.Fatal(err)
	}
	drawn, err := EncodePNG(img, PNGEdit{Profile: profile})
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"jpeg": photo, "png": drawn, "turned jpeg": readTestdata(t, "turned.jpg")}
	for _, name := range []string{"still.webp", "animated.webp", "alpha.webp", "lossy.webp"} {
		files[name] = readTestdata(t, name)
	}
	odd := "<&>\"' ]]> \n\t ü 東京 \u202e \ufffe \uffff {a|b} " + string(rune(0)) + `\\`
	for length, filler := range map[string]string{"short": "", "long": strings.Repeat("0123456789 ü", 20_000)} {
		record, err := json.Marshal(map[string]any{"easel_record": 1, "prompt": odd, "filler": filler, "seed": json.Number("18446744073709551615")})
		if err != nil {
			t.Fatal(err)
		}
		graph := []byte(`{"3":{"class_type":"KSampler","inputs":{"seed":18446744073709551615,"text":"a \"b\" <c>"}}}`)
		for name, data := range files {
			t.Run(name+", "+length, func(t *testing.T) {
				t.Parallel()
				got, err := Embed(data, Note{Easel: record, Prompt: graph})
				if err != nil {
					t.Fatal(err)
				}
				meta, err := ReadMetadata(bytes.NewReader(got), int64(len(got)))
				if err != nil {
					t.Fatal(err)
				}
				want := graph
				if before, _ := ReadMetadata(bytes.NewReader(data), int64(len(data))); len(before.Prompt) > 0 {
					want = before.Prompt // what it said already stands before ours
				}
				if !sameJSON(t, meta.Easel, record) || !bytes.Equal(meta.Prompt, want) {
					t.Errorf("read back %.300s and %s", meta.Easel, meta.Prompt)
				}
				check := NewChecker()
				_, _ = check.Write(got)
				if rep := check.Report(); !rep.Complete {
					t.Errorf("the file is damaged: %s", rep.Reason)
				}
				before, after := mustLoad(t, data), mustLoad(t, got)
				if !bytes.Equal(before.Image.Pix, after.Image.Pix) || !bytes.Equal(before.Profile, after.Profile) {
					t.Error("it looks otherwise")
				}
				if name == "turned jpeg" {
					return // it is not stripped
				}
				bare, err := Strip(got)
				if err != nil {
					t.Fatal(err)
				}
				if meta, _ := ReadMetadata(bytes.NewReader(bare), int64(len(bare))); !meta.Empty() {
					t.Errorf("stripped, it says %+v", meta)
				}
			})
		}
	}
}

// A file that has XMP gets no second packet, and what is no such picture nothing.
func TestEmbedRefuses(t *testing.T) {
	t.Parallel()
	note := Note{Easel: json.RawMessage(`{}`)}
	for name, data := range map[string][]byte{
		"JPEG with XMP": []byte("\xff\xd8" + segment(jpegAPP1, xmpSegment+xmpPacket()) + "\xff\xda\x00\x02\xff\xd9"),
		"WebP with XMP": withChunks(readTestdata(t, "still.webp"), "XMP ", "x"),
		"GIF":           readTestdata(t, "animated.gif"),
	} {
		if _, err := Embed(data, note); !errors.Is(err, ErrUnembeddable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, data := range []string{"\xff\xd8\xff\xe0", "RIFF\x00\x00\x00\x00WEBP", "RIFF\x30\x00\x00\x00WEBPVP8 "} {
		if got, err := Embed([]byte(data), note); err == nil {
			t.Errorf("%q became %q", data, got)
		}
	}
}

func sameJSON(t *testing.T, a, b []byte) bool {
	t.Helper()
	canonical := func(data []byte) string {
		d := json.NewDecoder(bytes.NewReader(data))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil {
			t.Error(err)
		}
		out, _ := json.Marshal(v)
		return string(out)
	}
	return canonical(a) == canonical(b)
}
