package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/seed-7d77cb5c/easel/internal/media"
	"github.com/seed-7d77cb5c/easel/internal/nearest"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/sources"
	"github.com/seed-7d77cb5c/easel/registry"
)

func (s *Server) characterRoutes() {
	huma.Register(s.api, described[characterListDoc](s, operation(http.MethodGet, "/characters", "list-characters", "List the characters", "characters")), s.listCharacters)
	one := described[characterDoc](s, operation(http.MethodGet, "/characters/{id}", "get-character", "Show a character", "characters"))
	one.Errors = append(one.Errors, http.StatusNotFound)
	huma.Register(s.api, one, s.getCharacter)
	put := described[characterDoc](s, operation(http.MethodPut, "/characters/{id}", "put-character", "Add a character to the user's, or change it", "characters"))
	put.Description = "The whole entry; reference_image is the id of a file or of a result, whose picture is copied, or what it was before."
	put.Errors = append(put.Errors, http.StatusConflict)
	put.SkipValidateBody, put.MaxBodyBytes = true, s.o.Limits.Body // the registry does that
	put.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: form[characterDoc](s)}}}
	huma.Register(s.api, put, s.putCharacter)
	s.bodyIs(put, "CharacterDoc")
	remove := operation(http.MethodDelete, "/characters/{id}", "delete-character", "Remove a character of the user's", "characters")
	remove.DefaultStatus = http.StatusNoContent
	remove.Errors = append(remove.Errors, http.StatusNotFound, http.StatusConflict)
	huma.Register(s.api, remove, s.deleteCharacter)
	picture := operation(http.MethodGet, "/characters/{id}/image", "get-character-image", "Download the reference picture of a character", "characters")
	picture.Parameters = []*huma.Param{idParam()}
	picture.Errors = append(picture.Errors, http.StatusNotFound)
	picture.Responses = map[string]*huma.Response{"200": {Description: "The picture", Content: map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: "string", Format: "binary"}}}}}
	s.raw(picture, s.characterImage)
}

type characterList struct {
	Characters []json.RawMessage `json:"characters"`
	Sources    map[string]string `json:"sources"`
	Images     map[string]string `json:"images"`
}

func (s *Server) listCharacters(_ context.Context, _ *struct{}) (*tagged, error) {
	reg, err := s.o.Catalog.Registry()
	if err != nil {
		return nil, s.refused(err)
	}
	list := characterList{Characters: []json.RawMessage{}, Sources: map[string]string{}, Images: map[string]string{}}
	for _, c := range reg.Characters() {
		entry, err := c.MarshalJSON()
		if err != nil {
			return nil, s.refused(err)
		}
		list.Characters = append(list.Characters, entry)
		list.Sources[c.ID] = c.Source.Layer
		if c.ReferenceImage != "" {
			list.Images[c.ID] = s.link(apiPath + "/characters/" + c.ID + "/image")
		}
	}
	return answer(list, "")
}

// CharacterPath is the id of a character in a path.
type CharacterPath struct {
	ID string `path:"id" maxLength:"200"`
}

// character finds one; a missing one is not found, since it is in the path.
func (s *Server) character(id string) (*registry.Character, error) {
	reg, err := s.o.Catalog.Registry()
	if err != nil {
		return nil, err
	}
	c, err := reg.Character(id)
	if unknown, ok := errors.AsType[*registry.UnknownCharacterError](err); ok {
		return nil, &statusError{
			Status: http.StatusNotFound, Code: "not_found", Detail: "Character not found", Hint: "GET " + apiPath + "/characters lists them",
			Errors: []fieldError{{Field: "id", Message: unknown.Error(), Nearest: unknown.Nearest}},
		}
	}
	return c, err
}

func (s *Server) getCharacter(_ context.Context, in *struct {
	Conditional
	CharacterPath
},
) (*tagged, error) {
	c, err := s.character(in.ID)
	if err != nil {
		return nil, s.refused(err)
	}
	return answer(c, in.IfNoneMatch)
}

func (s *Server) putCharacter(ctx context.Context, in *struct {
	CharacterPath
	RawBody []byte `contentType:"application/json"`
},
) (*tagged, error) {
	src, err := s.library(ctx)
	if err != nil {
		return nil, s.refused(err)
	}
	if !sources.ValidID(in.ID) {
		return nil, s.refused(invalid("id", fmt.Sprintf("%q cannot be an id", in.ID), sources.IDForm))
	}
	s.editing.Lock()
	defer s.editing.Unlock()
	if err := s.writeCharacter(ctx, src, in.ID, in.RawBody); err != nil {
		return nil, s.refused(err)
	}
	c, err := s.character(in.ID)
	if err != nil {
		return nil, s.refused(err)
	}
	return answer(c, "")
}

func (s *Server) writeCharacter(ctx context.Context, src ownFiles, id string, body []byte) error {
	members, err := registry.DecodeObject(characterBody, body)
	if err != nil {
		return err
	}
	name, _ := json.Marshal(id) // a string does not fail
	parts, wanted := []string{`"id":` + string(name)}, ""
	for _, m := range members {
		switch {
		case string(m.JSON) == "null":
		case m.Name == "id" && plan.JSONText(m.JSON) != id:
			return invalid("id", "the entry's id is not that of the path", "leave it out of the body")
		case m.Name == "id":
		case m.Name == "reference_image":
			if json.Unmarshal(m.JSON, &wanted) != nil {
				return invalid(m.Name, m.Name+" is the id of a file or a result", "POST "+apiPath+"/files uploads one")
			}
		default:
			key, _ := json.Marshal(m.Name)
			parts = append(parts, string(key)+":"+string(m.JSON))
		}
	}
	if err := s.checkDefaults(members); err != nil {
		return err
	}
	file, err := src.Find(sources.Characters, id)
	if err != nil {
		return err
	}
	if file == "" {
		file = src.CharacterFile()
	}
	picture, data, err := s.reference(ctx, id, wanted)
	if err != nil {
		return err
	}
	if picture != "" {
		at, _ := json.Marshal(picture)
		parts = append(parts, `"reference_image":`+string(at))
	}
	entry := json.RawMessage("{" + strings.Join(parts, ",") + "}")
	if err := checkCharacter(id, entry, data); err != nil {
		return err
	}
	if data != nil {
		sources.RemoveReferences(file, id) // one of another kind
		if err := sources.Write(filepath.Join(filepath.Dir(file), filepath.FromSlash(picture)), data); err != nil {
			return err
		}
	}
	if _, err := src.Set(sources.Characters, id, entry, true); err != nil {
		return err
	}
	if picture == "" {
		sources.RemoveReferences(file, id)
	}
	return s.changed()
}

// checkDefaults refuses defaults of parameters that no workflow has.
func (s *Server) checkDefaults(members []registry.NamedValue) error {
	i := slices.IndexFunc(members, func(m registry.NamedValue) bool { return m.Name == "defaults" && string(m.JSON) != "null" })
	if i < 0 {
		return nil
	}
	defaults, err := registry.DecodeObject(characterBody, members[i].JSON)
	if err != nil {
		return invalid("defaults", "defaults is an object of values by parameter", `{"steps": 20}`)
	}
	reg, err := s.o.Catalog.Registry()
	if err != nil {
		return err
	}
	known := plan.ParameterNames(reg)
	var wrong []fieldError
	for _, d := range defaults {
		if !slices.ContainsFunc(known, func(name string) bool { return plan.SameName(name, d.Name) }) {
			wrong = append(wrong, fieldError{Field: "defaults." + d.Name, Message: fmt.Sprintf("no workflow has a parameter %q", d.Name), Nearest: nearest.To(d.Name, known, 3)})
		}
	}
	return invalidFields(wrong)
}

// checkCharacter reads an entry as a registry does, from a folder of its own.
func checkCharacter(id string, entry json.RawMessage, picture []byte) error {
	dir, err := os.MkdirTemp("", "easel-character-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	src := sources.Folder(filepath.Join(dir, "workflows"))
	if _, err := src.Set(sources.Characters, id, entry, true); err != nil {
		return err
	}
	_, err = registry.Load(src.Layers()...)
	return ofEntry(err, entryHint)
}

// reference is the picture of a character: the one that it had under that name,
// with nil data, or a copy of a file or a result.
func (s *Server) reference(ctx context.Context, id, wanted string) (name string, data []byte, err error) {
	if wanted == "" {
		return "", nil, nil
	}
	if c, err := s.character(id); err == nil && c.ReferenceImage != "" && c.Source.Layer == s.o.Own.Name {
		if entry, err := c.MarshalJSON(); err == nil && referenceOf(entry) == wanted {
			return wanted, nil, nil
		}
	}
	found, err := s.findInput(ctx, "reference_image", wanted)
	if err != nil {
		return "", nil, err
	}
	hash, ok := strings.CutPrefix(found, uploadMark)
	if !ok {
		return "", nil, invalid("reference_image", "reference_image is the id of a file or a result", "POST "+apiPath+"/files uploads one")
	}
	r, _, err := s.o.Files.Open(ctx, uploadName(hash))
	if err != nil {
		return "", nil, err
	}
	defer r.Close()
	check := media.NewChecker()
	if data, err = io.ReadAll(io.TeeReader(io.LimitReader(r, s.o.Limits.Upload), check)); err != nil {
		return "", nil, err
	}
	report := check.Report()
	if !strings.HasPrefix(report.Format.MediaType, "image/") {
		return "", nil, invalid("reference_image", "the reference picture is not an image", "PNG, JPEG and WebP files are")
	}
	return sources.ReferencePath(id, report.Format.Ext), data, nil
}

// referenceOf is the reference_image as an entry writes it.
func referenceOf(entry json.RawMessage) string {
	var e struct {
		Reference string `json:"reference_image"`
	}
	_ = json.Unmarshal(entry, &e) // it was marshalled
	return e.Reference
}

func (s *Server) deleteCharacter(ctx context.Context, in *CharacterPath) (*struct{}, error) {
	src, err := s.library(ctx)
	if err != nil {
		return nil, s.refused(err)
	}
	s.editing.Lock()
	defer s.editing.Unlock()
	c, err := s.character(in.ID)
	if err != nil {
		return nil, s.refused(err)
	}
	file, err := src.Remove(sources.Characters, in.ID)
	if err == nil && file == "" {
		err = notOwn("character", in.ID, c.Source.Layer)
	}
	if err != nil {
		return nil, s.refused(err)
	}
	sources.RemoveReferences(file, in.ID)
	return nil, s.refused(s.changed())
}

// maxReference bounds a reference picture that is served: 256 MiB.
const maxReference = 256 << 20

func (s *Server) characterImage(w http.ResponseWriter, r *http.Request) error {
	c, err := s.character(r.PathValue("id"))
	if err != nil {
		return err
	}
	none := &statusError{Status: http.StatusNotFound, Code: "not_found", Detail: "The character has no reference picture"}
	if c.ReferenceImage == "" {
		return none
	}
	f, err := c.FS.Open(c.ReferenceImage)
	if errors.Is(err, fs.ErrNotExist) {
		return none
	}
	if err != nil {
		return err
	}
	defer f.Close()
	format, content, err := media.Peek(io.LimitReader(f, maxReference))
	if err != nil {
		return err
	}
	if !shownInline[format.MediaType] {
		return none
	}
	h := w.Header()
	h.Set("Content-Type", format.MediaType)
	h.Set("Content-Disposition", `inline; filename="`+c.ID+path.Ext(c.ReferenceImage)+`"`)
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cache-Control", "private, no-cache")
	_, _ = io.Copy(w, content) // the client is gone
	return nil
}
