package webhook

import (
	"errors"
	"path"
	"strings"
	"time"

	"github.com/kithdata/kith/internal/kit/errs"
)

// Root is what the path of every source begins with.
const Root = "/hooks/"

// Config is one webhook source.
type Config struct {
	Name      string
	Path      string // of its URL, below Root; default Root and the name
	Verify    Verify
	Tolerance time.Duration // how far a signed time may be from now; default 5 minutes
	// Where a delivery says what happened, and what its id is: a path in the body, or a
	// header. Empty: where the scheme's senders say it.
	Event, EventHeader string
	ID, IDHeader       string
	Streams            []Stream // which deliveries belong to which stream; the first match wins
	MaxBody            int      // bytes, unpacked; default 4 MiB
	MaxRecords         int      // of one delivery; default 1,000
}

// Verify is how deliveries prove who sent them.
type Verify struct {
	Scheme  string   // one of Schemes
	Secrets []string // any of them does, so that one can replace another

	// For scheme hmac, and the first two for bearer as well.
	Header    string // that holds the signature or token
	Prefix    string // before it, such as "sha256="
	Encoding  string // hex or base64; default hex
	Digest    string // sha256, sha512 or sha1; default sha256
	Timestamp string // header of the signed time; empty: none is signed
	Signed    string // what is signed, of {timestamp}, {id} and {body}; default {body}
}

// Stream is one stream of a source.
type Stream struct {
	Stream  string   // full name
	Match   []string // globs of what happened; none: everything
	Deletes []string // globs of what happened that deletes the record's key
	Records string   // path of the records within a delivery; empty: it is one itself
	With    []string // paths within the delivery, added to each of its records
}

// Validate reports every fault of c.
func (c Config) Validate() error {
	var faults []error
	at := "sources." + c.Name
	fault := func(what, field, mend string) {
		faults = append(faults, errs.New("bad_value", what).At(at+"."+field).Fix(mend))
	}
	if c.Name == "" {
		fault("a webhook source has no name", "name", "give it one")
	}
	if c.Path != "" && !plainPath(c.Path) {
		fault("the path is not a plain one below "+Root, "path", "write for example "+Root+"billing, of letters, digits, dots, dashes and underscores")
	}
	c.Verify.validate(fault)
	if c.Event != "" && c.EventHeader != "" || c.ID != "" && c.IDHeader != "" {
		fault("a path and a header are named for the same thing", "event_header", "keep one of event and event_header, and of id and id_header")
	}
	if strings.Contains(c.Verify.Signed, "{id}") && c.IDHeader == "" {
		fault("an id is signed, and no header of it is named", "id_header", "add id_header: with the header that holds it")
	}
	if len(c.Streams) == 0 {
		fault("no stream takes its deliveries from this source", "streams", "add a stream with from: "+c.Name)
	}
	for _, s := range c.Streams {
		for _, glob := range append(append([]string(nil), s.Match...), s.Deletes...) {
			if _, err := path.Match(glob, ""); err != nil {
				fault("a stream's pattern of events is no glob", "streams", "close every [ and escape special characters with \\")
			}
		}
	}
	if c.MaxBody < 0 || c.MaxBody > maxMaxBody || c.MaxRecords < 0 || c.Tolerance < 0 {
		fault("limits must not be negative, max_body not over 64 MiB", "max_body", "leave them out for the defaults")
	}
	return errors.Join(faults...)
}

// Validate gives every fault of a configuration.
func Validate(cfg []Config) []error {
	var faults []error
	at := map[string]string{}
	for _, c := range cfg {
		if err := c.Validate(); err != nil {
			faults = append(faults, err)
			continue
		}
		p := c.withDefaults().Path
		if other, taken := at[p]; taken {
			faults = append(faults, errs.New("bad_value", "source "+other+" has this path too").At("sources."+c.Name+".path").
				Fix("give every source a path of its own"))
		}
		at[p] = c.Name
	}
	return faults
}

const maxMaxBody = 64 << 20

// plainPath reports whether p can be mounted as it is: nothing in it means something
// to a mux, needs escapes, or would be redirected.
func plainPath(p string) bool {
	rest, ok := strings.CutPrefix(p, Root)
	if !ok || rest == "" || path.Clean(p) != p || len(p) > 200 {
		return false
	}
	return strings.IndexFunc(rest, func(c rune) bool {
		return c != '/' && c != '.' && c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
	}) < 0
}

func (c Config) withDefaults() Config {
	if c.Path == "" {
		c.Path = Root + c.Name
	}
	if c.Tolerance == 0 {
		c.Tolerance = 5 * time.Minute
	}
	if c.MaxBody == 0 {
		c.MaxBody = 4 << 20
	}
	if c.MaxRecords == 0 {
		c.MaxRecords = 1_000
	}
	s := schemeOf(c.Verify)
	if c.Event == "" && c.EventHeader == "" {
		c.Event, c.EventHeader = s.event, s.eventHeader
	}
	if c.ID == "" && c.IDHeader == "" {
		c.ID, c.IDHeader = s.id, s.idHeader
	}
	return c
}

// streamOf gives the stream for what happened; nil where there is none.
func (c *Config) streamOf(event string) *Stream {
	for i := range c.Streams {
		s := &c.Streams[i]
		if len(s.Match) == 0 || matches(s.Match, event) || matches(s.Deletes, event) {
			return s
		}
	}
	return nil
}

// matches reports whether event is one of the globs. A star goes past slashes too:
// they separate nothing in a topic such as customers/create.
func matches(globs []string, event string) bool {
	for _, glob := range globs {
		if ok, err := path.Match(strings.ReplaceAll(glob, "/", "\x00"), strings.ReplaceAll(event, "/", "\x00")); ok && err == nil {
			return true
		}
	}
	return false
}
