package nodes

import (
	"strings"
	"sync"
)

// table is every node class the emulator knows, made when first asked for: an
// easel that talks to a real server never pays for it.
var table = sync.OnceValue(func() (all struct {
	list   []*Class
	byName map[string]*Class
},
) {
	for _, group := range [][]*Class{
		loaderClasses(), modelClasses(), encoderClasses(), conditioningClasses(), latentClasses(), filmLatentClasses(),
		samplerClasses(), scheduleClasses(), imageClasses(), batchClasses(), filterClasses(), scaleClasses(), maskClasses(),
		fileClasses(), filmClasses(), primitiveClasses(),
	} {
		all.list = append(all.list, group...)
	}
	all.byName = make(map[string]*Class, len(all.list))
	for _, c := range all.list {
		c.V3 = c.V3 || newerModule(c.Module)
		all.byName[c.Name] = c
	}
	return all
})

// Classes lists every class in a fixed order.
func Classes() []*Class { return table().list }

// Lookup finds a class by name, nil when there is none.
func Lookup(name string) *Class { return table().byName[name] }

// newerModule reports whether the server's module writes its classes against
// the newer of its two node interfaces (V3), as of 0.3.64 or, for modules that
// came later, of their first version.
func newerModule(name string) bool {
	switch strings.TrimPrefix(name, "comfy_extras.nodes_") {
	case "canny", "cfg", "clip_sdxl", "compositing", "differential_diffusion", "edit_model", "flux", "lt", "lt_audio",
		"minimax_h3", "post_processing", "primitive", "qwen", "sd3", "string", "upscale_model", "video", "wan":
		return true
	}
	return false
}
