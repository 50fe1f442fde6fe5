package emulator

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Names of faults. Faults explains each.
const (
	FaultStatus      = "status"
	FaultReplyStatus = "reply-status"
	FaultReplyLost   = "reply-lost"
	FaultReplyDelay  = "reply-delay"
	FaultReplyCut    = "reply-cut"
	FaultReplyStall  = "reply-stall"
	FaultReplyDrip   = "reply-drip"
	FaultLengthLies  = "length-lies"
	FaultBody        = "body"
	FaultHTML        = "html"
	FaultRedirect    = "redirect"

	FaultWSRefuse     = "ws-refuse"
	FaultWSReset      = "ws-reset"
	FaultWSSilent     = "ws-silent"
	FaultWSJunk       = "ws-junk"
	FaultWSHuge       = "ws-huge"
	FaultWSHugeImage  = "ws-huge-image"
	FaultWSDrop       = "ws-drop"
	FaultWSDelay      = "ws-delay"
	FaultWSReplaceBug = "ws-replace-bug"

	FaultValidateDelay = "validate-delay"
	FaultNodeErrors    = "node-errors-200"
	FaultDuplicateIDs  = "duplicate-ids"
	FaultVanish        = "vanish"
	FaultForget        = "forget"
	FaultZombie        = "zombie"
	FaultOOM           = "oom"
	FaultException     = "exception"
	FaultBlocker       = "blocker"
	FaultExpand        = "expand"
	FaultInterruptLost = "interrupt-lost"
	FaultInterruptLate = "interrupt-late"
	FaultHistoryDelay  = "history-delay"
	FaultHistoryLost   = "history-lost"

	FaultOutputGone   = "output-gone"
	FaultZeroBytes    = "zero-bytes"
	FaultTempOnly     = "temp-only"
	FaultTextOutput   = "text-output"
	FaultUnknownKind  = "unknown-kind"
	FaultHostileNames = "hostile-names"
	FaultOutside      = "outside-output"
	FaultManyOutputs  = "many-outputs"
	FaultListingCost  = "listing-cost"
)

// A Fault is one misbehaviour switched on. Which fields count depends on its
// name; Faults lists them.
type Fault struct {
	Name       string
	Endpoint   string        // an endpoint name, or "any"
	Class      string        // a node class, or "any"
	Event      string        // a WebSocket message type
	Kind       string        // one of the words that the fault knows
	Duration   time.Duration // a delay or a period
	Bytes      int64         // a number of bytes, or of items
	Status     int           // an HTTP status
	Count      int           // how many times it strikes; 0 = always
	Nth        int           // the job, counted from 1, that it strikes
	RetryAfter time.Duration
	URL        string
}

// A FaultHelp describes one fault for people.
type FaultHelp struct {
	Name    string
	Args    string // "ENDPOINT:CODE[:COUNT]", "" for none
	Meaning string
}

// An argument of a fault: its name in help, and how it is read and written.
type faultArg struct {
	name string
	set  func(f *Fault, text string) error
	text func(f Fault) string // "" = not given
}

type faultKind struct {
	name     string
	args     []faultArg
	required int
	meaning  string
}

// Faults lists every fault in the order of the documentation.
func Faults() []FaultHelp {
	var list []FaultHelp
	for _, k := range faultKinds() {
		list = append(list, FaultHelp{Name: k.name, Args: k.usage(), Meaning: k.meaning})
	}
	return list
}

// Endpoints lists the endpoint names that faults take, beside "any".
func Endpoints() []string {
	return []string{
		"prompt", "remaining", "history", "view", "queue", "interrupt", "upload", "object_info", "models",
		"system_stats", "features", "jobs", "free", "userdata", "ws", "other",
	}
}

// ParseFault reads NAME or NAME=ARG[:ARG...], for instance
// "status=prompt:503:2" or "ws-reset=1.5s".
func ParseFault(spec string) (Fault, error) {
	name, rest, given := strings.Cut(strings.TrimSpace(spec), "=")
	kinds := faultKinds()
	i := slices.IndexFunc(kinds, func(k faultKind) bool { return k.name == name })
	if i < 0 {
		return Fault{}, fmt.Errorf("unknown fault %q", name)
	}
	kind := kinds[i]
	f := Fault{Name: name}
	var texts []string
	if given {
		texts = strings.SplitN(rest, ":", max(len(kind.args), 1))
	}
	if len(texts) < kind.required || len(texts) > len(kind.args) {
		return Fault{}, fmt.Errorf("fault %s: want %s, got %q", name, kind.form(), spec)
	}
	for i, text := range texts {
		if err := kind.args[i].set(&f, text); err != nil {
			return Fault{}, fmt.Errorf("fault %s: %s: %w", name, kind.args[i].name, err)
		}
	}
	return f, nil
}

// String gives the form that ParseFault reads.
func (f Fault) String() string {
	for _, k := range faultKinds() {
		if k.name != f.Name {
			continue
		}
		var texts []string
		for _, a := range k.args {
			texts = append(texts, a.text(f))
		}
		for len(texts) > k.required && texts[len(texts)-1] == "" {
			texts = texts[:len(texts)-1]
		}
		if len(texts) > 0 {
			return f.Name + "=" + strings.Join(texts, ":")
		}
	}
	return f.Name
}

func (k faultKind) usage() string {
	var b strings.Builder
	for i, a := range k.args {
		word := strings.ToUpper(a.name)
		if i > 0 {
			word = ":" + word
		}
		if i >= k.required {
			word = "[" + word + "]"
		}
		b.WriteString(word)
	}
	return b.String()
}

func (k faultKind) form() string {
	if len(k.args) == 0 {
		return k.name + " without arguments"
	}
	if k.required == 0 {
		return k.name + "[=" + k.usage() + "]"
	}
	return k.name + "=" + k.usage()
}

func argEndpoint() faultArg {
	return faultArg{"endpoint", func(f *Fault, s string) error {
		if s != "any" && !slices.Contains(Endpoints(), s) {
			return fmt.Errorf("%q is none of any, %s", s, strings.Join(Endpoints(), ", "))
		}
		f.Endpoint = s
		return nil
	}, func(f Fault) string { return f.Endpoint }}
}

func argWord(name string, field func(*Fault) *string) faultArg {
	return faultArg{name, func(f *Fault, s string) error {
		if s == "" {
			return errors.New("is empty")
		}
		*field(f) = s
		return nil
	}, func(f Fault) string { return *field(&f) }}
}

func argClass() faultArg { return argWord("class", func(f *Fault) *string { return &f.Class }) }
func argEvent() faultArg { return argWord("event", func(f *Fault) *string { return &f.Event }) }

func argURL() faultArg {
	return faultArg{"url", func(f *Fault, s string) error {
		if _, err := url.Parse(s); err != nil || s == "" {
			return fmt.Errorf("%q is not a URL", s)
		}
		f.URL = s
		return nil
	}, func(f Fault) string { return f.URL }}
}

func argKind(words ...string) faultArg {
	return faultArg{strings.Join(words, "|"), func(f *Fault, s string) error {
		if !slices.Contains(words, s) {
			return fmt.Errorf("%q is none of %s", s, strings.Join(words, ", "))
		}
		f.Kind = s
		return nil
	}, func(f Fault) string { return f.Kind }}
}

func argDuration(name string, field func(*Fault) *time.Duration) faultArg {
	return faultArg{name, func(f *Fault, s string) error {
		if n, err := strconv.Atoi(s); err == nil && n >= 0 { // plain seconds, as in a Retry-After header
			*field(f) = time.Duration(n) * time.Second
			return nil
		}
		d, err := time.ParseDuration(s)
		if err != nil || d < 0 {
			return fmt.Errorf("%q is not a duration like 1.5s", s)
		}
		*field(f) = d
		return nil
	}, func(f Fault) string {
		if d := *field(&f); d != 0 {
			return d.String()
		}
		return ""
	}}
}

func argTime() faultArg {
	return argDuration("duration", func(f *Fault) *time.Duration { return &f.Duration })
}

func argRetryAfter() faultArg {
	return argDuration("retry-after", func(f *Fault) *time.Duration { return &f.RetryAfter })
}

func argInt[T int | int64](name string, low int64, field func(*Fault) *T) faultArg {
	return faultArg{name, func(f *Fault, s string) error {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n < low {
			return fmt.Errorf("%q is not a whole number from %d", s, low)
		}
		*field(f) = T(n)
		return nil
	}, func(f Fault) string {
		if n := *field(&f); n != 0 {
			return strconv.FormatInt(int64(n), 10)
		}
		return ""
	}}
}

func argCount() faultArg  { return argInt("count", 0, func(f *Fault) *int { return &f.Count }) }
func argNth() faultArg    { return argInt("nth", 1, func(f *Fault) *int { return &f.Nth }) }
func argStatus() faultArg { return argInt("code", 100, func(f *Fault) *int { return &f.Status }) }

func argBytes(name string) faultArg {
	return argInt(name, 0, func(f *Fault) *int64 { return &f.Bytes })
}
