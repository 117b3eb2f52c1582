package webhook

import (
	"cmp"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/kithdata/kith/internal/expr"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

func (c Config) withDefaults() Config {
	c.Timeout = cmp.Or(max(c.Timeout, 0), 10*time.Second)
	c.Attempts = cmp.Or(max(c.Attempts, 0), 12)
	c.Concurrency = cmp.Or(max(c.Concurrency, 0), 8)
	c.Horizon = cmp.Or(c.Horizon, 10_000_000)
	if len(c.On) == 0 {
		c.On = []string{"profile.changed"}
	}
	return c
}

// compile reads the settings and reports all their faults at once. No fault shows
// the URL or the secret.
func (c Config) compile() (*choice, signer, error) {
	where := "destinations." + c.Name
	var faults []error
	bad := func(setting, what, mend string) {
		faults = append(faults, errs.New(CodeSetting, what).At(where+"."+setting).Fix(mend))
	}
	if c.Name == "" {
		bad("name", "the destination has no name", "give it one")
	}
	u, err := url.Parse(c.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		bad("url", "not an http or https address", "write for example https://mailer.example.com/hook")
	}
	sign, err := parseSecrets(c.Secret)
	if err != nil {
		bad("secret", err.Error(), "write whsec_ and 24 to 64 random bytes in base64")
	}
	ch := &choice{events: map[string]bool{}}
	for _, on := range c.On {
		if !ch.add(on) {
			bad("on", "there is no such message", "use profile.created, profile.updated, profile.changed, profile.merged, profile.split, profile.erased, event.NAME or event.*")
		}
	}
	ch.purpose, ch.channel, _ = strings.Cut(c.Consent, "/")
	if c.When != "" {
		compile := func(over expr.Vars) *expr.Condition {
			condition, err := expr.Compile(c.When, over)
			if err != nil {
				faults = append(faults, errs.Wrap(expr.CodeBad, "compiling the condition on "+over.String(), err).At(where+".when"))
			}
			return condition
		}
		if ch.anyProfile() {
			ch.profileWhen = compile(expr.Profile)
		}
		if ch.anyEvent() {
			ch.eventWhen = compile(expr.Event)
		}
	}
	return ch, sign, errors.Join(faults...)
}

// choice says what is sent.
type choice struct {
	kinds       [record.Gone + 1]bool
	everyEvent  bool
	events      map[string]bool
	purpose     string // that must be granted; empty: none
	channel     string // of that purpose; empty: any, and none may be denied
	profileWhen *expr.Condition
	eventWhen   *expr.Condition
}

func (c *choice) add(on string) bool {
	if name, ok := strings.CutPrefix(on, "event."); ok {
		if name == "*" {
			c.everyEvent = true
		} else {
			c.events[name] = true
		}
		return name != ""
	}
	name, ok := strings.CutPrefix(on, "profile.")
	if !ok {
		return false
	}
	found := name == "changed"
	for k := record.Created; k <= record.Gone; k++ {
		if name == "changed" || name == k.String() {
			c.kinds[k], found = true, true
		}
	}
	return found
}

func (c *choice) anyProfile() bool {
	for _, on := range c.kinds {
		if on {
			return true
		}
	}
	return false
}

// anyLiving reports whether rows of living profiles are sent.
func (c *choice) anyLiving() bool {
	return c.kinds[record.Created] || c.kinds[record.Updated] || c.kinds[record.Split]
}

func (c *choice) anyEvent() bool { return c.everyEvent || len(c.events) > 0 }

func (c *choice) topics() (all []string) {
	if c.anyProfile() {
		all = append(all, record.TopicChanges)
	}
	if c.anyEvent() {
		all = append(all, record.TopicFacts)
	}
	return all
}

// wantsProfile decides on one version. A merged or erased profile is told of
// whatever When and Consent say: its row has nothing to judge by and nothing to
// protect, and who was told of a profile must hear that it is no more.
func (c *choice) wantsProfile(p *record.Profile) bool {
	if p.Kind < record.Created || p.Kind > record.Gone || !c.kinds[p.Kind] {
		return false
	}
	if p.Kind == record.Merged || p.Kind == record.Gone {
		return true
	}
	return c.wantsNow(p)
}

// wantsNow decides on the row of a living profile, whatever brought it about.
func (c *choice) wantsNow(p *record.Profile) bool {
	return c.allowed(p) && (c.profileWhen == nil || c.profileWhen.Profile(p))
}

// wantsEvent decides on an event, but for whom it belongs to.
func (c *choice) wantsEvent(f *record.Fact) bool {
	return f.Kind == record.Event && (c.everyEvent || c.events[f.Event]) &&
		(c.eventWhen == nil || c.eventWhen.Event(f))
}

// allowed is the consent rule: never a suppressed person, and the purpose granted.
func (c *choice) allowed(p *record.Profile) bool {
	if p.Suppressed {
		return false
	}
	if c.purpose == "" {
		return true
	}
	granted := false
	for _, s := range record.MergeConsents(p.Consents) {
		if s.Purpose != c.purpose || c.channel != "" && s.Channel != c.channel {
			continue
		}
		if !s.Granted {
			return false
		}
		granted = true
	}
	return granted
}
