package container

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image/jpeg"
	"io"
	"math"
)

// box is an ISO base media file format box: size, type, content.
func box(kind string, parts ...[]byte) []byte {
	size := 8
	for _, p := range parts {
		size += len(p)
	}
	out := binary.BigEndian.AppendUint32(make([]byte, 0, size), uint32(size))
	out = append(out, kind...)
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// words are 32-bit numbers, big end first.
func words(list ...uint32) []byte {
	out := make([]byte, 0, 4*len(list))
	for _, v := range list {
		out = binary.BigEndian.AppendUint32(out, v)
	}
	return out
}

func halves(list ...uint16) []byte {
	out := make([]byte, 0, 2*len(list))
	for _, v := range list {
		out = binary.BigEndian.AppendUint16(out, v)
	}
	return out
}

// identity is the matrix of a picture that is shown as it is.
func identity() []byte { return words(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000) }

// An mp4Track is one stream: its samples lie together in the file.
type mp4Track struct {
	id            uint32
	kind          string // "vide" or "soun"
	scale         uint32 // units of time per second
	step          uint32 // units per sample
	sizes         []uint32
	same          uint32 // size of every sample, when sizes is nil
	count         uint32
	offset        uint32 // of the first sample in the file
	width, height int
	rate          int
}

func (t *mp4Track) duration(timescale uint32) uint32 {
	return uint32(math.Round(float64(t.count) * float64(t.step) / float64(t.scale) * float64(timescale)))
}

// WriteMP4 muxes the frames as Motion JPEG and the sound as 16-bit PCM, index
// first, with the texts as the keys that FFmpeg's use_metadata_tags writes.
// ctx is looked at between frames.
func WriteMP4(ctx context.Context, w io.Writer, f *Film, texts []Text) error {
	var media bytes.Buffer
	picture := &mp4Track{
		id: 1, kind: "vide", scale: uint32(math.Round(f.FPS * 1000)), step: 1000,
		width: f.Frames.Width, height: f.Frames.Height,
	}
	for i := range f.Frames.Count {
		if err := ctx.Err(); err != nil {
			return err
		}
		start := media.Len()
		if err := jpeg.Encode(&media, f.Frames.At(i).RGBA(), &jpeg.Options{Quality: 88}); err != nil {
			return fmt.Errorf("encoding frame %d: %w", i+1, err)
		}
		picture.sizes = append(picture.sizes, uint32(media.Len()-start))
	}
	picture.count = uint32(len(picture.sizes))
	tracks := []*mp4Track{picture}
	if f.Sound != nil {
		t := &mp4Track{
			id: 2, kind: "soun", scale: uint32(f.Sound.Rate), step: 1, same: 2, rate: f.Sound.Rate,
			count: uint32(len(f.Sound.Samples)), offset: uint32(media.Len()),
		}
		for _, v := range f.Sound.Samples {
			media.WriteByte(byte(uint16(v) >> 8))
			media.WriteByte(byte(v))
		}
		tracks = append(tracks, t)
	}
	head := box("ftyp", []byte("isom"), words(0x200), []byte("isomiso2mp41"))
	// The index holds offsets, which depend on its own, constant size.
	base := uint32(len(head) + len(movie(tracks, texts)) + 8)
	for _, t := range tracks {
		t.offset += base
	}
	for _, part := range [][]byte{head, movie(tracks, texts), words(uint32(media.Len() + 8)), []byte("mdat"), media.Bytes()} {
		if _, err := w.Write(part); err != nil {
			return fmt.Errorf("writing MP4: %w", err)
		}
	}
	return nil
}

// movie is the index of the file.
func movie(tracks []*mp4Track, texts []Text) []byte {
	const timescale = 1000
	longest := uint32(0)
	for _, t := range tracks {
		longest = max(longest, t.duration(timescale))
	}
	parts := [][]byte{box("mvhd", words(0, 0, 0, timescale, longest, 0x10000), halves(0x100, 0), words(0, 0),
		identity(), words(0, 0, 0, 0, 0, 0, uint32(len(tracks)+1)))}
	for _, t := range tracks {
		parts = append(parts, t.box(timescale))
	}
	if len(texts) > 0 {
		parts = append(parts, box("udta", keyed(texts)))
	}
	return box("moov", parts...)
}

// keyed stores texts under names of their own: a "meta" box of handler "mdta".
func keyed(texts []Text) []byte {
	var keys, values [][]byte
	keys = append(keys, words(0, uint32(len(texts))))
	for i, t := range texts {
		keys = append(keys, box("mdta", []byte(t.Key)))
		value := box("data", words(1, 0), []byte(t.Value))
		values = append(values, box(string(words(uint32(i+1))), value))
	}
	return box("meta", words(0), box("hdlr", words(0, 0), []byte("mdta"), words(0, 0, 0), []byte{0}),
		box("keys", keys...), box("ilst", values...))
}

func (t *mp4Track) box(timescale uint32) []byte {
	volume, handler := uint16(0), box("vmhd", words(1), halves(0, 0, 0, 0))
	if t.kind == "soun" {
		volume, handler = 0x100, box("smhd", words(0, 0))
	}
	header := box("tkhd", words(3, 0, 0, t.id, 0, t.duration(timescale), 0, 0), halves(0, 0, volume, 0), identity(),
		words(uint32(t.width)<<16, uint32(t.height)<<16))
	data := box("dinf", box("dref", words(0, 1), box("url ", words(1))))
	chunks := words(1, t.count, 1)
	sizes := words(0, t.same, t.count)
	if t.sizes != nil {
		sizes = words(append([]uint32{0, 0, t.count}, t.sizes...)...)
	}
	table := box("stbl",
		box("stsd", words(0, 1), t.format()),
		box("stts", words(0, 1, t.count, t.step)),
		box("stsc", words(0, 1), chunks),
		box("stsz", sizes),
		box("stco", words(0, 1, t.offset)))
	name := map[string]string{"vide": "VideoHandler\x00", "soun": "SoundHandler\x00"}[t.kind]
	media := box("mdia",
		box("mdhd", words(0, 0, 0, t.scale, t.count*t.step), halves(0x55c4, 0)),
		box("hdlr", words(0, 0), []byte(t.kind), words(0, 0, 0), []byte(name)),
		box("minf", handler, data, table))
	return box("trak", header, media)
}

// format says how a sample is coded.
func (t *mp4Track) format() []byte {
	if t.kind == "soun" {
		return box("twos", make([]byte, 6), halves(1), words(0, 0), halves(1, 16, 0, 0), words(uint32(t.rate)<<16))
	}
	name := make([]byte, 32)
	name[0] = byte(copy(name[1:], "Photo - JPEG"))
	return box("jpeg", make([]byte, 6), halves(1), make([]byte, 16), halves(uint16(t.width), uint16(t.height)),
		words(0x480000, 0x480000, 0), halves(1), name, halves(24, 0xffff))
}
