package cli

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kithdata/kith/internal/api/client"
	"github.com/kithdata/kith/internal/kit/errs"
)

type profileCmd struct {
	Get profileGetCmd `cmd:"" help:"Show the profile that an identifier belongs to, or one by its id."`
}

type profileGetCmd struct {
	Who       string `arg:"" placeholder:"WHO" help:"TYPE=VALUE, such as email=jo@example.com; SOURCE/STREAM/KEY; or a profile's id."`
	Version   int64  `placeholder:"N" xor:"when" help:"As of this version of its id."`
	At        moment `placeholder:"TIME" xor:"when" help:"As of this moment, such as 2026-05-01T12:00:00Z, by when records were received."`
	History   bool   `help:"Its versions as well, newest first."`
	Crosswalk bool   `help:"What every source says of the person as well, surviving or not."`
}

func (profileGetCmd) Help() string {
	return `Example: kith profile get email=jo@example.com --crosswalk

Every reading of a profile leaves an entry in the audit chain.`
}

func (c profileGetCmd) Run(g *Globals) (err error) {
	ref, err := parseRef(c.Who)
	if err != nil {
		return err
	}
	conn, done, err := connect(g)
	if err != nil {
		return err
	}
	defer finish(&err, done)
	found, err := c.find(g.ctx, conn, ref)
	if err != nil {
		return err
	}
	if g.JSON {
		return g.printJSON(found)
	}
	p := g.printer()
	p.profile(&found)
	return p.err
}

// find reads the profile and what was asked for with it.
func (c profileGetCmd) find(ctx context.Context, conn *connection, ref client.Ref) (found client.Profile, err error) {
	if ref.Customer != nil {
		a, err := ask[client.Explanation](conn.Explain(ctx, client.ExplainRequest{A: ref, B: ref}))
		if err != nil {
			return found, err
		}
		if ref = (client.Ref{Profile: a.value.ProfileA}); text(ref.Profile) == "" {
			return found, errs.New("profile_unknown", "the source's record belongs to no profile").Fix("kith quarantine list shows what was set aside; a deleted record belongs to nobody")
		}
	}
	id := text(ref.Profile)
	if ref.Identifier != nil {
		list, err := ask[client.ProfileList](conn.LookupProfiles(ctx, nil, client.Lookup{Identifiers: &[]client.Identifier{*ref.Identifier}}))
		if err != nil {
			return found, err
		}
		if len(list.value.Profiles) == 0 {
			return found, errs.New("profile_unknown", "no profile holds this identifier").
				Fix("check its type and spelling, kith quarantine list shows what was set aside")
		}
		if n := len(list.value.Profiles); n > 1 {
			return found, errs.New(codeRef, fmt.Sprintf("the telephone number has no country code, and it is %d profiles' in one country or another", n)).
				Fix("write it with + and its country code")
		}
		found = list.value.Profiles[0]
		id = found.ID
	}
	if ref.Profile != nil || c.Version != 0 || !c.At.IsZero() {
		params := &client.GetProfileParams{}
		if c.Version != 0 {
			params.Version = &c.Version
		}
		if !c.At.IsZero() {
			params.At = &c.At.Time
		}
		a, err := ask[client.Profile](conn.GetProfile(ctx, id, params))
		if err != nil {
			return found, err
		}
		found = a.value
	}
	if c.History {
		a, err := ask[client.History](conn.GetProfileHistory(ctx, id, nil))
		if err != nil {
			return found, err
		}
		found.History = &a.value.Versions
	}
	if c.Crosswalk {
		a, err := ask[client.Crosswalk](conn.GetProfileCrosswalk(ctx, id, nil))
		if err != nil {
			return found, err
		}
		found.Crosswalk = &a.value.Records
	}
	return found, nil
}

func (p *printer) profile(f *client.Profile) {
	p.title("profile %s", f.ID)
	if from := text(f.ResolvedFrom); from != "" {
		p.line("%s was merged into it", from)
	}
	facts := []string{"version " + grouped(f.Version), string(f.Kind), stamp(f.Time)}
	if f.Cause != nil {
		facts = append(facts, "by "+f.Cause.Stream)
	}
	if f.SourceCustomers != nil && *f.SourceCustomers > 0 {
		facts = append(facts, "made of "+count(int64(*f.SourceCustomers), "source record", "source records"))
	}
	p.line("%s", strings.Join(facts, ", "))
	if into := text(f.Into); into != "" {
		p.line("merged into %s", into)
	}
	if f.Pending != nil && *f.Pending {
		p.line("a re-solve of its surroundings is under way")
	}
	if f.Suppressed != nil && *f.Suppressed {
		p.line("suppressed: nothing is sent to this person")
	}
	p.golden(f)
	p.identifiers(f)
	p.consents(f)
	p.aliases(f)
	p.versions(f)
	p.crosswalk(f)
}

// section is a heading below another.
func (p *printer) section(name string) {
	p.line("")
	p.title("%s", name)
}

func (p *printer) golden(f *client.Profile) {
	if f.Attributes == nil || len(*f.Attributes) == 0 {
		return
	}
	p.section("golden record")
	t := newTable("attribute", "value", "from", "rule", "time")
	for _, name := range slices.Sorted(maps.Keys(*f.Attributes)) {
		var from client.Provenance
		if f.Provenance != nil {
			from = (*f.Provenance)[name]
		}
		rule := from.Rule
		if from.Filled != nil && *from.Filled {
			rule += ", filled"
		}
		t.add(name, (*f.Attributes)[name], from.Stream, rule, from.Time)
	}
	p.table(t)
}

func (p *printer) identifiers(f *client.Profile) {
	if f.Identifiers == nil || len(*f.Identifiers) == 0 {
		return
	}
	p.section("identifiers")
	t := newTable("type", "value", "first seen")
	for _, id := range *f.Identifiers {
		t.add(id.Type, id.Value, id.FirstSeen)
	}
	p.table(t)
}

// maxAliases is how many ids people are shown; machines get all.
const maxAliases = 8

func (p *printer) aliases(f *client.Profile) {
	if f.Aliases == nil || len(*f.Aliases) == 0 {
		return
	}
	p.section("answers to these ids too")
	for i, id := range *f.Aliases {
		if i == maxAliases {
			p.line("and %s more", grouped(int64(len(*f.Aliases)-i)))
			break
		}
		p.line("%s", id)
	}
}

func (p *printer) consents(f *client.Profile) {
	if f.Consents == nil || len(*f.Consents) == 0 {
		return
	}
	p.section("consent")
	t := newTable("purpose", "channel", "granted", "time", "source")
	for _, purpose := range slices.Sorted(maps.Keys(*f.Consents)) {
		channels := (*f.Consents)[purpose]
		for _, channel := range slices.Sorted(maps.Keys(channels)) {
			s := channels[channel]
			t.add(purpose, channel, s.Granted, s.Time, s.Source)
		}
	}
	p.table(t)
}

func (p *printer) versions(f *client.Profile) {
	if f.History == nil {
		return
	}
	p.section("history")
	t := newTable("#version", "kind", "time", "by", "changed")
	for _, v := range *f.History {
		by, changed := "", ""
		if v.Cause != nil {
			by = v.Cause.Stream
		}
		if v.Changed != nil {
			changed = strings.Join(*v.Changed, ", ")
		}
		t.add(v.Version, string(v.Kind), v.Time, by, changed)
	}
	p.table(t)
}

func (p *printer) crosswalk(f *client.Profile) {
	if f.Crosswalk == nil {
		return
	}
	p.section("what the sources say (* survives)")
	t := newTable("record", "attribute", "value", "", "time")
	for _, r := range *f.Crosswalk {
		name := r.Stream + "/" + r.Key
		for _, attribute := range slices.SortedFunc(maps.Keys(r.Attributes), cmp.Compare) {
			v := r.Attributes[attribute]
			mark := ""
			if v.Survives {
				mark = "*"
			}
			if v.Filled != nil && *v.Filled {
				mark = strings.TrimSpace(mark + " filled")
			}
			t.add(name, attribute, v.Value, mark, v.Time)
			name = ""
		}
		if name != "" {
			t.add(name, "", "", "", r.Received)
		}
	}
	p.table(t)
}
