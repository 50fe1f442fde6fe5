package pyval

// A Member is one key of an object with its value.
type Member struct {
	Key   string
	Value any
}

// Fields is an object written down in code; it is encoded in its order.
type Fields []Member

// An Object is a decoded JSON object. Its order is that of the first
// appearance of each key; of duplicate keys the last value counts.
type Object struct {
	members []Member
	index   map[string]int // built when the object is large enough to need it
}

// indexFrom is the size from which a map is faster than looking through.
const indexFrom = 12

// NewObject makes an object of members with distinct keys.
func NewObject(members ...Member) *Object {
	o := &Object{}
	for _, m := range members {
		o.Set(m.Key, m.Value)
	}
	return o
}

// Len counts the members.
func (o *Object) Len() int { return len(o.members) }

// Members gives the members in order. The slice belongs to the object.
func (o *Object) Members() []Member { return o.members }

// Get looks a key up.
func (o *Object) Get(key string) (any, bool) {
	if i := o.find(key); i >= 0 {
		return o.members[i].Value, true
	}
	return nil, false
}

// Has reports whether the key is there.
func (o *Object) Has(key string) bool { return o.find(key) >= 0 }

// Set replaces the value of a key, or adds it at the end.
func (o *Object) Set(key string, value any) {
	if i := o.find(key); i >= 0 {
		o.members[i].Value = value
		return
	}
	o.members = append(o.members, Member{key, value})
	if o.index != nil {
		o.index[key] = len(o.members) - 1
	}
}

// Delete removes a key if it is there.
func (o *Object) Delete(key string) {
	i := o.find(key)
	if i < 0 {
		return
	}
	o.members = append(o.members[:i:i], o.members[i+1:]...)
	o.index = nil
}

// Clone copies the object and everything below it.
func (o *Object) Clone() *Object {
	c := &Object{members: make([]Member, len(o.members))}
	for i, m := range o.members {
		c.members[i] = Member{m.Key, Clone(m.Value)}
	}
	return c
}

// Clone copies a value and everything below it.
func Clone(v any) any {
	switch v := v.(type) {
	case *Object:
		return v.Clone()
	case []any:
		c := make([]any, len(v))
		for i, e := range v {
			c[i] = Clone(e)
		}
		return c
	default:
		return v
	}
}

func (o *Object) find(key string) int {
	if o.index == nil && len(o.members) < indexFrom {
		for i := range o.members {
			if o.members[i].Key == key {
				return i
			}
		}
		return -1
	}
	if o.index == nil {
		o.index = make(map[string]int, 2*len(o.members))
		for i, m := range o.members {
			o.index[m.Key] = i
		}
	}
	if i, ok := o.index[key]; ok {
		return i
	}
	return -1
}
