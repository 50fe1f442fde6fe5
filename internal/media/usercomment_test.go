package media

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"
)

func utf16Bytes(text string, order binary.ByteOrder) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = append(b, 0, 0)
		order.PutUint16(b[len(b)-2:], u)
	}
	return string(b)
}

func TestUserComment(t *testing.T) {
	t.Parallel()
	le, be := binary.LittleEndian, binary.BigEndian
	latin := "a fox, \"red\"\nSteps: 20, Seed: 1"
	chinese := strings.Repeat("一只红色的狐狸，雪地，一夜，星空。", 40) + "\nSteps: 20, Sampler: Euler a, Seed: 123"
	for _, text := range []string{latin, chinese, "一一一一一一一，星空，最佳质量", "красная лиса", "赤い狐、雪の中 🦊", "붉은 여우"} {
		for name, value := range map[string]string{
			"UTF-16 LE":              "UNICODE\x00" + utf16Bytes(text, le),
			"UTF-16 BE":              "UNICODE\x00" + utf16Bytes(text, be),
			"LE with its mark":       "UNICODE\x00\xff\xfe" + utf16Bytes(text, le),
			"BE with its mark":       "UNICODE\x00\xfe\xff" + utf16Bytes(text, be),
			"UTF-8 behind UNICODE":   "UNICODE\x00" + text,
			"UTF-8 with its mark":    "UNICODE\x00\xef\xbb\xbf" + text,
			"UTF-8 behind ASCII":     "ASCII\x00\x00\x00" + text,
			"UTF-8 behind JIS":       "JIS\x00\x00\x00\x00\x00" + text,
			"undefined":              "\x00\x00\x00\x00\x00\x00\x00\x00" + text,
			"no character set":       text,
			"UTF-16 with mark alone": "\xff\xfe" + utf16Bytes(text, le),
		} {
			for _, order := range []binary.ByteOrder{le, be} {
				if got := strings.TrimRight(userComment([]byte(value), order), "\x00"); got != text {
					t.Errorf("%s in a block of %v: got %.60q, want %.60q", name, order, got, text)
				}
			}
		}
	}
}

// Labels and ends that are not as they should be.
func TestUserCommentAgainstTheStandard(t *testing.T) {
	t.Parallel()
	le, be := binary.LittleEndian, binary.BigEndian
	chinese := strings.Repeat("一只红色的狐狸，雪地，最佳质量", 100) + "\nSteps: 20, Seed: 1"
	korean := strings.Repeat("눈 속의 붉은 여우, 밤하늘", 30) + "\nSteps: 20, Seed: 1"
	undefined := strings.Repeat("\x00", 8)
	for name, c := range map[string]struct{ value, want string }{
		"UTF-16 LE, undefined":        {undefined + utf16Bytes(chinese, le), chinese},
		"UTF-16 BE, undefined":        {undefined + utf16Bytes(chinese, be), chinese},
		"UTF-16 LE that says ASCII":   {"ASCII\x00\x00\x00" + utf16Bytes(chinese, le), chinese},
		"UTF-16 BE that says JIS":     {"JIS\x00\x00\x00\x00\x00" + utf16Bytes(korean, be), korean},
		"marked, and it says ASCII":   {"ASCII\x00\x00\x00\xff\xfe" + utf16Bytes(korean, le), korean},
		"marked, and it says JIS":     {"JIS\x00\x00\x00\x00\x00\xef\xbb\xbf" + chinese, chinese},
		"padded UTF-8 behind UNICODE": {"UNICODE\x00" + chinese + "\x00\x00\x00", chinese},
		"small letters":               {"Unicode\x00" + utf16Bytes(korean, le), korean},
		"padded with spaces":          {"ASCII   " + chinese, chinese},
		"cut off within a character":  {undefined + "Steps: 1, Seed: 2, Model: 狐狸"[:len("Steps: 1, Seed: 2, Model: 狐狸")-1], "Steps: 1, Seed: 2, Model: 狐"},
		"cut off behind UNICODE":      {"UNICODE\x00" + chinese + "狐"[:2], chinese},
		"Latin-1":                     {"ASCII\x00\x00\x00caf\xe9", "café"},
	} {
		for _, order := range []binary.ByteOrder{le, be} {
			if got := strings.TrimRight(userComment([]byte(c.value), order), "\x00"); got != c.want {
				t.Errorf("%s in a block of %v: got %.60q, want %.60q", name, order, got, c.want)
			}
		}
	}
}

// FuzzUserComment: no bytes break the decoder or make it grow.
func FuzzUserComment(f *testing.F) {
	f.Add([]byte("UNICODE\x00\xfe\xff\x00a"))
	f.Add([]byte("JIS\x00\x00\x00\x00\x00\x1b$B0l"))
	f.Fuzz(func(t *testing.T, value []byte) {
		for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			if got := userComment(value, order); len(got) > 3*len(value)+3 {
				t.Errorf("%d bytes became %d", len(value), len(got))
			}
		}
	})
}

func TestID3Comments(t *testing.T) {
	t.Parallel()
	const graph = `{"prompt": "{\"1\": {\"class_type\": \"A\u00ff\"}}"}`
	frame := func(version byte, id, flags, body string) string {
		n := uint32(len(body))
		switch version {
		case 2:
			return id + string([]byte{byte(n >> 16), byte(n >> 8), byte(n)}) + body
		case 4:
			n = n&0x7f | n>>7<<8
		}
		return id + string(binary.BigEndian.AppendUint32(nil, n)) + flags + body
	}
	tag := func(version, flags byte, frames string) string {
		n := len(frames)
		return "ID3" + string([]byte{version, 0, flags, byte(n >> 21), byte(n >> 14 & 0x7f), byte(n >> 7 & 0x7f), byte(n & 0x7f)}) + frames
	}
	wide := "\x01eng\xff\xfe\x00\x00\xff\xfe" + utf16Bytes(graph, binary.LittleEndian)
	stuffed := string(bytes.ReplaceAll([]byte(wide), []byte{0xff}, []byte{0xff, 0}))
	for name, file := range map[string]string{
		"COMM of 2.3":                       tag(3, 0, frame(3, "COMM", "\x00\x00", "\x00eng\x00"+graph)),
		"COMM of 2.4 in UTF-16":             tag(4, 0, frame(4, "COMM", "\x00\x00", wide)),
		"TXXX:comment, as FFmpeg writes it": tag(4, 0, frame(4, "TXXX", "\x00\x00", "\x03comment\x00"+graph)),
		"TXXX:Comment of 2.3 in UTF-16": tag(3, 0, frame(3, "TXXX", "\x00\x00",
			"\x01\xff\xfe"+utf16Bytes("Comment", binary.LittleEndian)+"\x00\x00\xff\xfe"+utf16Bytes(graph, binary.LittleEndian))),
		"COM of 2.2":                                    tag(2, 0, frame(2, "COM", "", "\x00eng\x00"+graph)),
		"TXX of 2.2":                                    tag(2, 0, frame(2, "TXX", "", "\x00comment\x00"+graph)),
		"unsynchronised tag of 2.3":                     tag(3, 0x80, stuffedFrame(frame(3, "COMM", "\x00\x00", wide))),
		"unsynchronised frame of 2.4":                   tag(4, 0, frame(4, "COMM", "\x00\x02", stuffed)),
		"a length before it, of 2.4":                    tag(4, 0, frame(4, "COMM", "\x00\x03", "\x00\x00\x01\x00"+stuffed)),
		"compressed, of 2.3":                            tag(3, 0, frame(3, "COMM", "\x00\x80", "\x00\x00\x01\x00"+deflated("\x00eng\x00"+graph))),
		"compressed, in a group of 2.3":                 tag(3, 0, frame(3, "TXXX", "\x00\xa0", "\x00\x00\x01\x00\x07"+deflated("\x00comment\x00"+graph))),
		"compressed, of 2.4":                            tag(4, 0, frame(4, "COMM", "\x00\x09", "\x00\x00\x02\x00"+deflated(wide))),
		"compressed, unsynchronised, in a group of 2.4": tag(4, 0, frame(4, "COMM", "\x00\x4b", "\x07\x00\x00\x02\x00"+stuffedFrame(deflated(wide)))),
		"a broken frame first":                          tag(3, 0, frame(3, "COMM", "\x00\x80", "\x00\x00\x01\x00junk")+frame(3, "COMM", "\x00\x00", "\x00eng\x00"+graph)),
		"a plain size in 2.4":                           tag(4, 0, frame(3, "COMM", "\x00\x00", "\x03eng\x00"+graph+strings.Repeat(" ", 300))+frame(4, "TSSE", "\x00\x00", "\x03Lavf")),
		"only the name is marked":                       tag(3, 0, frame(3, "COMM", "\x00\x00", "\x01eng\xff\xfe\x00\x00"+utf16Bytes(graph, binary.LittleEndian))),
		"UTF-16 BE without a mark":                      tag(4, 0, frame(4, "COMM", "\x00\x00", "\x02eng\x00\x00"+utf16Bytes(graph, binary.BigEndian))),
		"two values":                                    tag(4, 0, frame(4, "TXXX", "\x00\x00", "\x03comment\x00"+graph+"\x00{}")),
		"Latin-1":                                       tag(3, 0, frame(3, "COMM", "\x00\x00", "\x00eng\x00"+strings.ReplaceAll(graph, "\u00ff", "\xff"))),
		"a frame of another kind first":                 tag(3, 0, frame(3, "TSSE", "\x00\x00", "\x00Lavf")+frame(3, "COMM", "\x00\x00", "\x00eng\x00"+graph)),
	} {
		m, err := ReadMetadata(strings.NewReader(file), int64(len(file)))
		if err != nil || !bytes.Contains(m.Prompt, []byte("class_type")) {
			t.Errorf("%s: prompt %q, %v", name, m.Prompt, err)
		}
	}
}

func deflated(text string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write([]byte(text)) // into memory
	_ = w.Close()
	return b.String()
}

// The tags of Windows hold UTF-16 in bytes, whatever the order of the block.
func TestWindowsTags(t *testing.T) {
	t.Parallel()
	const text = "a fox, 狐\nSteps: 20, Sampler: Euler, Seed: 5"
	for _, tag := range []uint16{tagXPTitle, tagXPComment, tagXPSubject} {
		for _, order := range []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian} {
			value := utf16Bytes(text, binary.LittleEndian) + "\x00\x00"
			block := order.AppendUint16([]byte(map[bool]string{true: "MM\x00*\x00\x00\x00\x08", false: "II*\x00\x08\x00\x00\x00"}[order == binary.BigEndian]), 1)
			block = order.AppendUint16(order.AppendUint16(block, tag), 1)
			block = order.AppendUint32(order.AppendUint32(block, uint32(len(value))), uint32(len(block)+8+4))
			data := "\xff\xd8" + segment(jpegAPP1, "Exif\x00\x00"+string(block)+"\x00\x00\x00\x00"+value) + "\xff\xda\x00\x02\xff\xd9"
			m, err := metadata([]byte(data))
			if err != nil || m.Parameters != text {
				t.Errorf("%x in %s: %q, %v", tag, order, m.Parameters, err)
			}
		}
	}
}

func stuffedFrame(frame string) string { return strings.ReplaceAll(frame, "\xff", "\xff\x00") }

func TestQuickTimeComment(t *testing.T) {
	t.Parallel()
	const graph = `{"prompt": {"1": {"class_type": "A"}}}`
	box := func(kind, body string) string {
		return string(binary.BigEndian.AppendUint32(nil, uint32(8+len(body)))) + kind + body
	}
	text := string([]byte{0, byte(len(graph))}) + "\x55\xc4" + graph
	keys := box("keys", "\x00\x00\x00\x00\x00\x00\x00\x01"+box("mdta", "com.apple.quicktime.comment"))
	ilst := box("ilst", box("\x00\x00\x00\x01", box("data", "\x00\x00\x00\x01\x00\x00\x00\x00"+graph)))
	for name, moov := range map[string]string{
		"the comment in the user data, as FFmpeg writes it": box("udta", box("\xa9swr", "\x00\x01\x55\xc4x")+box("\xa9cmt", text)),
		"a comment by key":                   box("meta", keys+ilst),
		"a comment by key, in the user data": box("udta", box("meta", keys+ilst)),
		"a comment by key, in UTF-16":        box("meta", keys+box("ilst", box("\x00\x00\x00\x01", box("data", "\x00\x00\x00\x02\x00\x00\x00\x00"+utf16Bytes(graph, binary.BigEndian))))),
		"the comment of a track":             box("trak", box("udta", box("\xa9cmt", text))),
		"a mark before it":                   box("udta", box("\xa9cmt", "\x00\x00\x55\xc4\xef\xbb\xbf"+graph)),
		"the comment of iTunes":              box("udta", box("meta", "\x00\x00\x00\x00"+box("ilst", box("\xa9cmt", box("data", "\x00\x00\x00\x01\x00\x00\x00\x00"+graph))))),
	} {
		file := box("ftyp", "qt  \x00\x00\x02\x00qt  ") + box("moov", moov)
		m, err := ReadMetadata(strings.NewReader(file), int64(len(file)))
		if err != nil || len(m.Prompt) == 0 {
			t.Errorf("%s: prompt %q, %v", name, m.Prompt, err)
		}
	}
}

// TestCasesFromTheField reads what lies beside the repository.
func TestCasesFromTheField(t *testing.T) {
	t.Parallel()
	cases := filepath.Join("..", "..", "..", "shared", "cases")
	if _, err := os.Stat(cases); err != nil {
		t.Skip("the cases are not beside this repository")
	}
	for name, want := range map[string]string{
		"usercomment/bom.jpg": "Steps: 20", "usercomment/long-zh-ii-le.jpg": "一只红色的狐狸", "usercomment/utf8.jpg": "Steps: 20",
		"infotext/hashes.png": "a fox", "infotext/single.png": "a fox", "infotext/swarm.png": "a fox", "infotext/unbal.png": "a fox",
		"sound-comment/vhs.mp3": "",
	} {
		f, err := os.Open(filepath.Join(cases, filepath.FromSlash(name)))
		if err != nil {
			t.Error(err)
			continue
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		m, err := ReadMetadata(f, info.Size())
		if err != nil || !strings.Contains(m.Parameters, want) || m.Parameters == "" && len(m.Prompt) == 0 {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
		if want != "" && len(ParseParameters(m.Parameters).Settings) < 5 {
			t.Errorf("%s: read as %+v", name, ParseParameters(m.Parameters))
		}
	}
}
