package editor

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/internal/scan"
)

// widgetTypes are the types of inputs that the editor draws as a widget. An
// input of any other type is only a socket.
var widgetTypes = []string{
	"INT", "FLOAT", "BOOLEAN", "STRING", "COMBO", "MARKDOWN", "COLOR", "IMAGEUPLOAD", "IMAGECOMPARE", "BOUNDING_BOX",
	"BOUNDING_BOXES", "CHART", "GALLERIA", "PAINTER", "COMPOSITOR", "TEXTAREA", "CURVE", "RANGE", "VIDEO_EDIT",
	"RESOLUTION_PREVIEW", "COLORS", "COMFY_DYNAMICCOMBO_V3", "LOAD_3D", "WEBCAM", "AUDIO_RECORD", "AUDIO_UI", "PREVIEW_3D",
}

// An inputLayout is how the editor draws an input of a class.
type inputLayout struct {
	comfy.InputInfo
	widget    bool
	typ       string // what decides how it is drawn
	control   int    // values behind its own that are never sent: what happens to it after a run
	refresh   bool   // two more such values: a list that is asked for
	crop      bool   // four more: the sides of a cut
	upload    bool   // one more, behind all widgets of the node
	dynamic   bool   // choices in its text are drawn before it is sent
	force     bool   // it was a widget in files of before 1.16
	multiline bool   // its text may have lines
	flagged   bool   // its control is asked for by an option, and not by its name
}

// inputOptions are the options of an input that decide how it is drawn.
type inputOptions struct {
	WidgetType string          `json:"widgetType"`
	ForceInput json.RawMessage `json:"forceInput"`
	Control    json.RawMessage `json:"control_after_generate"`
	Dynamic    json.RawMessage `json:"dynamicPrompts"`
	Component  json.RawMessage `json:"component"`
	Multi      json.RawMessage `json:"multiselect"`
	Multiline  json.RawMessage `json:"multiline"`
	Image      json.RawMessage `json:"image_upload"`
	Animated   json.RawMessage `json:"animated_image_upload"`
	Video      json.RawMessage `json:"video_upload"`
	Audio      json.RawMessage `json:"audio_upload"`
	Remote     struct {
		Refresh json.RawMessage `json:"refresh_button"`
	} `json:"remote"`
}

// truthy is how the editor reads an option that may be of any type.
func truthy(v json.RawMessage) bool {
	switch string(bytes.TrimSpace(v)) {
	case "", "null", "false", "0", `""`:
		return false
	}
	return true
}

func layoutOf(in comfy.InputInfo) inputLayout {
	var o inputOptions
	_ = json.Unmarshal(in.Options, &o) // what does not fit says nothing
	l := inputLayout{InputInfo: in, typ: in.Type}
	if o.WidgetType != "" {
		l.typ = o.WidgetType
	}
	drawn := slices.Contains(widgetTypes, l.typ)
	l.force = drawn && truthy(o.ForceInput)
	l.widget = drawn && !l.force
	l.flagged = truthy(o.Control)
	switch base := baseName(in.Name); {
	case l.typ == "INT" && (l.flagged || o.Control == nil && (base == "seed" || base == "noise_seed")):
		l.control = 1
	case l.typ == "COMBO" && l.flagged && truthy(o.Multi):
		l.control = 1
	case l.typ == "COMBO" && l.flagged:
		l.control = 2 // and a filter of the list
	}
	l.refresh = truthy(o.Remote.Refresh)
	l.crop = string(o.Component) == `"ImageCrop"`
	l.upload = l.typ == "COMBO" && (truthy(o.Image) || truthy(o.Animated) || truthy(o.Video) || truthy(o.Audio))
	l.dynamic, l.multiline = l.typ == "STRING" && truthy(o.Dynamic), truthy(o.Multiline)
	return l
}

// baseName is the name of an input inside a dynamic one.
func baseName(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// A widget is an input with its value in one node.
type widget struct {
	name    string
	typ     string
	value   json.RawMessage // nil when it is not known
	sent    bool
	dynamic bool
	control bool

	primitive *node       // gives it its value, nil for its own
	step, min json.Number // of a number
}

// given is a value that a primitive node gives: the editor shows it as the widget
// shows values, by its step, and sends what it shows.
func (w widget) given(v json.RawMessage) json.RawMessage {
	f, err := strconv.ParseFloat(string(v), 64)
	if err != nil || math.Abs(f) > 1e15 {
		return v
	}
	step, err := w.step.Float64()
	rounded := f
	switch {
	case w.typ == "INT" && err == nil && step > 1: // counted from the lowest value
		low, _ := w.min.Float64() // what is no number is 0
		shift := math.Mod(low, step)
		rounded = math.Floor((f-shift)/step+0.5)*step + shift
	case w.typ == "FLOAT":
		if err != nil || step <= 0 {
			step = 0.5
		}
		scale := math.Pow(10, max(0, -math.Floor(math.Log10(step))))
		rounded = math.Floor(f*scale+0.5) / scale
	}
	if rounded == f {
		return v
	}
	return json.RawMessage(strconv.FormatFloat(rounded, 'f', -1, 64))
}

// misfit reports whether a value cannot be meant for the widget, as when values
// are shifted because the class has other inputs than when the file was saved.
// A null is none yet.
func (w widget) misfit() bool {
	if len(w.value) == 0 || string(w.value) == "null" || w.primitive != nil {
		return false
	}
	kind := w.value[0]
	switch w.typ {
	case "INT", "FLOAT":
		if kind != '"' {
			return kind == '[' || kind == '{'
		}
		s, _ := scan.Text(w.value)
		_, err := strconv.ParseFloat(s, 64)
		return err != nil
	case "BOOLEAN":
		return kind == '"'
	case "STRING":
		return kind == '{'
	}
	return false
}

// shortened is the beginning of a value.
func shortened(v json.RawMessage) string {
	const limit = 60
	if len(v) <= limit {
		return string(v)
	}
	return strings.ToValidUTF8(string(v[:limit]), "") + "..."
}

// A values is what a file keeps for the widgets of a node, in their order.
type values struct {
	list  []json.RawMessage
	names []string // where the file keeps them by name
	next  int
}

// readValues reads widgets_values in either layout.
func readValues(raw json.RawMessage) values {
	var v values
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) == 0:
	case raw[0] == '[':
		v.list, _ = elements(raw) // a list it is
	case raw[0] == '{':
		_ = comfy.Members(raw, func(key string, value json.RawMessage) error {
			v.names, v.list = append(v.names, key), append(v.list, value)
			return nil
		})
		if slices.Contains(v.names, "length") {
			v.asList()
		}
	}
	return v
}

// asList reads an object that is a list in disguise: {"0": ..., "length": 1}.
func (v *values) asList() {
	var list []json.RawMessage
	for i, name := range v.names {
		at, err := strconv.Atoi(name)
		if err != nil || at < 0 || at > len(v.names) {
			continue
		}
		for len(list) <= at {
			list = append(list, json.RawMessage("null"))
		}
		list[at] = v.list[i]
	}
	v.list, v.names = list, nil
}

// take gives the value of the next widget, by name where the file has names.
func (v *values) take(name string) (json.RawMessage, bool) {
	if v.names != nil {
		if i := slices.Index(v.names, name); i >= 0 {
			return v.list[i], true
		}
		return nil, false
	}
	if v.next >= len(v.list) {
		return nil, false
	}
	v.next++
	return v.list[v.next-1], true
}

func (v *values) skip(n int) {
	if v.names == nil {
		v.next += n
	}
}

// byName reports whether the names are those of widgets: packs that keep values
// by name read them so. The editor itself reads them in their order.
func (v *values) byName(layouts []inputLayout, module string) bool {
	if module != "" && !strings.HasPrefix(module, "custom_nodes") {
		return false
	}
	return slices.ContainsFunc(layouts, func(l inputLayout) bool { return l.widget && slices.Contains(v.names, l.Name) })
}

// A reading is what the values of a node come to.
type reading struct {
	widgets   []widget
	complaint string // why they cannot be trusted, "" when they can
	rescue    string // why they were not read as the editor does, "" when they were
}

// fits reports whether every value can be meant for its widget.
func (r reading) fits() bool {
	return r.complaint == "" && !slices.ContainsFunc(r.widgets, widget.misfit)
}

// widgetsOf reads the widgets of a node with their values. module is where its
// class comes from, "" when that is not known. The editor counts values; where that
// gives widgets what they cannot take, as after a change of the class, the names that
// the file has beside them are used.
func widgetsOf(n *node, layouts []inputLayout, module string) reading {
	v := readValues(n.values)
	if v.names != nil && !v.byName(layouts, module) {
		v.names = nil
	}
	v.dropForced(layouts)
	r := readWidgets(n, v, layouts)
	if r.fits() {
		return r
	}
	if named := readValues(n.named); len(named.names) > 0 {
		if other := readWidgets(n, named, layouts); other.fits() {
			other.rescue = "its values do not fit in their order, so they are taken by their names"
			return other
		}
	}
	return r
}

func readWidgets(n *node, v values, layouts []inputLayout) reading {
	r := widgetReader{values: &v}
	uploads := 0
	for _, l := range layouts {
		if l.Hidden || !l.widget {
			continue
		}
		r.read(l, l.Name, maxNesting)
		if l.upload {
			uploads++
		}
		if l.Name == "model_file" && strings.HasPrefix(n.class, "Load3D") {
			for _, b := range load3DButtons {
				r.own(b[0], strconv.Quote(b[1]))
			}
		}
	}
	switch n.class {
	case customCombo:
		r.customCombo()
	case "SaveGLB", "Preview3D", "Preview3DAnimation":
		r.own("image", `""`)
	}
	v.skip(uploads)
	for i, name := range v.names { // packs add widgets in the browser, which their classes take
		if !notSent(name) && name != "" && !slices.ContainsFunc(r.widgets, func(w widget) bool { return w.name == name }) {
			r.widgets = append(r.widgets, widget{name: name, value: v.list[i], sent: v.list[i][0] != '{' && v.list[i][0] != 'n'})
		}
	}
	return reading{widgets: r.widgets, complaint: r.complaint}
}

// dropForced takes out the values of inputs that were widgets before 1.16 and
// are sockets now, when the list is as long as it was then.
func (v *values) dropForced(layouts []inputLayout) {
	var keep []bool
	forced := false
	for _, l := range layouts {
		if l.Hidden || !l.widget && !l.force {
			continue
		}
		keep = append(keep, l.widget)
		forced = forced || l.force
		if l.flagged {
			keep = append(keep, true)
		}
	}
	if !forced || v.names != nil || len(keep) != len(v.list) {
		return
	}
	var list []json.RawMessage
	for i, item := range v.list {
		if keep[i] {
			list = append(list, item)
		}
	}
	v.list = list
}

type widgetReader struct {
	values    *values
	widgets   []widget
	complaint string
}

// read takes the value of one widget, and those of the widgets it brings.
func (r *widgetReader) read(l inputLayout, name string, depth int) {
	raw, given := r.values.take(name)
	switch {
	case !given:
		raw = l.fallback()
	case string(raw) == "null" && l.typ == "COMBO" && len(l.Values) > 0:
		raw = l.first()
	case string(raw) == "null" && l.typ == "STRING" && l.multiline:
		raw = json.RawMessage(`""`)
	}
	w := widget{
		name: name, typ: l.typ, value: raw, dynamic: l.dynamic, control: l.control > 0,
		sent: l.typ != "RESOLUTION_PREVIEW", step: l.Step, min: l.Min,
	}
	if l.typ == "IMAGECOMPARE" {
		w.value = json.RawMessage(`["",""]`)
	}
	r.widgets = append(r.widgets, w)
	r.values.skip(l.control)
	if l.refresh {
		r.values.skip(2)
	}
	if l.crop {
		r.values.skip(4)
	}
	if l.typ != "COMFY_DYNAMICCOMBO_V3" || depth == 0 {
		return
	}
	var choice string
	_ = json.Unmarshal(raw, &choice) // what is no text is no choice
	parts, ok := l.Parts(choice)
	if !ok {
		if r.complaint == "" {
			r.complaint = name + " has no choice " + strconv.Quote(choice) + ", so the values behind it cannot be told apart"
		}
		return
	}
	for _, part := range parts {
		if pl := layoutOf(part); pl.widget {
			r.read(pl, name+"."+part.Name, depth-1)
		}
	}
}

// load3DButtons are buttons of the viewer of 3D files, which the editor sends
// as if they were values.
var load3DButtons = [][2]string{
	{"upload 3d model", "upload3dmodel"}, {"upload extra resources", "uploadExtraResources"}, {"clear", "clear"},
}

// own reads a widget that the editor makes without a definition.
func (r *widgetReader) own(name, fallback string) {
	raw, given := r.values.take(name)
	if !given {
		raw = json.RawMessage(fallback)
	}
	r.widgets = append(r.widgets, widget{name: name, typ: "STRING", value: raw, sent: true})
}

// customCombo is the class whose widgets the editor makes itself: the choice,
// its index, and the choices there are.
const customCombo = "CustomCombo"

func (r *widgetReader) customCombo() {
	r.own("index", "0")
	at := len(r.widgets) - 1
	chosen := string(r.widgets[at-1].value)
	for i := 1; r.values.next < len(r.values.list); i++ {
		r.own("option"+strconv.Itoa(i), `""`)
		if string(r.widgets[len(r.widgets)-1].value) == chosen {
			r.widgets[at].value = json.RawMessage(strconv.Itoa(i - 1))
		}
	}
}

// fallback is the value of a widget that the file says nothing about.
func (l inputLayout) fallback() json.RawMessage {
	switch {
	case l.typ == "COMBO" && !truthy(l.Default):
		return l.first()
	case l.Default != nil:
		return l.Default
	}
	switch l.typ {
	case "INT", "FLOAT":
		return json.RawMessage("0")
	case "BOOLEAN":
		return json.RawMessage("false")
	case "STRING", "TEXTAREA", "MARKDOWN":
		return json.RawMessage(`""`)
	}
	return l.first()
}

// first is the first choice, nil when the server does not list them.
func (l inputLayout) first() json.RawMessage {
	if len(l.Values) == 0 {
		return nil
	}
	return l.Values[0]
}

// wrap is a value as it is sent: a list would be read as a link.
func wrap(typ string, v json.RawMessage) json.RawMessage {
	v = bytes.TrimSpace(v)
	switch {
	case typ == "CURVE":
		return json.RawMessage(`{"__type__":"CURVE","__value__":` + string(v) + "}")
	case len(v) > 0 && v[0] == '[':
		return json.RawMessage(`{"__value__":` + string(v) + "}")
	}
	return v
}
