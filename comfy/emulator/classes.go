package emulator

import "sync"

// table is every node class the emulator knows, made when first asked for: an
// easel that talks to a real server never pays for it.
var table = sync.OnceValue(func() (all struct {
	list   []*class
	byName map[string]*class
},
) {
	for _, group := range [][]*class{
		loaderClasses(), modelClasses(), encoderClasses(), conditioningClasses(), latentClasses(), filmLatentClasses(),
		samplerClasses(), scheduleClasses(), imageClasses(), batchClasses(), filterClasses(), scaleClasses(), maskClasses(),
		fileClasses(), filmClasses(), primitiveClasses(),
	} {
		all.list = append(all.list, group...)
	}
	all.byName = make(map[string]*class, len(all.list))
	for _, c := range all.list {
		all.byName[c.name] = c
	}
	return all
})

// classes lists every class in a fixed order.
func classes() []*class { return table().list }

// lookup finds a class by name, nil when there is none.
func lookup(name string) *class { return table().byName[name] }
