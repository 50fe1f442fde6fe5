package emulator

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"testing"
)

// uploadBody makes one multipart form.
func uploadBody(t *testing.T, filename string, data []byte, fields ...string) (string, http.Header) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if filename != "-" {
		part, err := w.CreateFormFile("image", filename)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = part.Write(data)
	}
	for i := 0; i < len(fields); i += 2 {
		_ = w.WriteField(fields[i], fields[i+1])
	}
	_ = w.Close()
	return b.String(), http.Header{"Content-Type": {w.FormDataContentType()}}
}

func TestConformanceOfUploadAndView(t *testing.T) {
	t.Parallel()
	ours, theirs := sides(t, Options{})
	folder := "easel-conformance-" + newUUID()
	post := func(filename, data string, fields ...string) {
		t.Helper()
		body, header := uploadBody(t, filename, []byte(data), fields...)
		compare2(t, ours, theirs, "POST", "/upload/image", body, header)
	}
	post("a.png", "first", "subfolder", folder)
	post("a.png", "first", "subfolder", folder)
	post("a.png", "second", "subfolder", folder)
	post("a.png", "second", "subfolder", folder)
	post("a.png", "third", "subfolder", folder, "overwrite", "true")
	post("a.png", "fourth", "subfolder", folder, "overwrite", "yes")
	post("none", "x", "subfolder", folder)
	post("b.tar.gz", "x", "subfolder", folder)
	post("b.tar.gz", "y", "subfolder", folder)
	post(".hidden", "x", "subfolder", folder)
	post(".hidden", "y", "subfolder", folder)
	post("../x.png", "x", "subfolder", "..")
	post("../../x.png", "x", "subfolder", folder)
	post("x.png", "x", "subfolder", "../..")
	post("x.png", "x", "subfolder", "/etc")
	post("x.png", "x", "type", "nope")
	post("sub/x.png", "x", "subfolder", folder)
	post("\u00fcml\u00e4ut.png", "x", "subfolder", folder)
	post("-", "x", "subfolder", folder)
	post("", "x", "subfolder", folder)
	post("t.png", "x", "subfolder", folder, "type", "temp")
	post("e.png", "", "subfolder", folder)
	post(".", "x", "subfolder", folder)
	post("..", "x", "subfolder", folder)
	post("x.png", "x", "subfolder", "a\x00b")
	post("a\\b.png", "x", "subfolder", folder)
	for _, ext := range []string{"csv", "md", "ico", "html", "svg", "webm", "tar.gz", "safetensors", "JPG"} {
		post("type."+ext, "x", "subfolder", folder)
	}

	at := "/view?type=input&subfolder=" + folder + "&filename="
	for _, path := range []string{
		at + "a.png", at + "a+(1).png", at + "a+(2).png", at + "b.tar.gz", at + "none", at + ".hidden", at + "sub/a.png", at + "e.png",
		"/view?subfolder=" + folder + "&filename=t.png&type=temp", "/view?subfolder=" + folder + "&filename=a.png+[input]",
		at + "type.csv", at + "type.md", at + "type.ico", at + "type.html", at + "type.svg", at + "type.webm", at + "type.tar.gz",
		at + "type.safetensors", at + "type.JPG", at + "a%5Cb.png", "/view?type=input&filename=a.png&subfolder=%00", at + "a.png&rand=1;2",
		at + "a.png&preview=webp", at + "a.png&channel=rgb", at + "a.png&channel=rgba",
	} {
		compare2(t, ours, theirs, "GET", path, "", nil)
	}
	compare2(t, ours, theirs, "HEAD", at+"a.png", "", nil)
	for _, r := range []string{"bytes=0-1", "bytes=1-", "bytes=-2", "bytes=99-", "bytes=0-99", "bytes=0-1,3-4", "bytes=x", "lines=1-2", "bytes=3-1", "Bytes=0-1", "bytes=-0", "bytes=-99", "bytes= 1-2", "bytes=1-99999999999999999999"} {
		t.Run(r, func(t *testing.T) {
			compare2(t, ours, theirs, "GET", at+"a.png", "", http.Header{"Range": {r}})
		})
	}
}
