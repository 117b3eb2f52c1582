package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/kithdata/kith/internal/cleanse"
	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/golden"
	"github.com/kithdata/kith/internal/identity"
	"github.com/kithdata/kith/internal/pipeline"
	"github.com/kithdata/kith/internal/quality"
)

// Plan says what changed rules would do.
type Plan struct {
	Changes []Change `json:"changes,omitempty"`
	// NeedsGeneration: identity and golden records are made anew beside the current
	// ones, and swapped in at once.
	NeedsGeneration bool `json:"needs_generation"`
}

// Change is one thing that a plan does.
type Change struct {
	What     string `json:"what"`    // added, dropped or changed
	Subject  string `json:"subject"` // a stream's name, identity or golden
	Sentence string `json:"sentence"`
}

// Empty reports whether the rules are equal.
func (p Plan) Empty() bool { return len(p.Changes) == 0 }

// String is the plan's sentences, one a line.
func (p Plan) String() string {
	if p.Empty() {
		return "nothing changes\n"
	}
	var b strings.Builder
	for _, c := range p.Changes {
		b.WriteString(c.Sentence + "\n")
	}
	return b.String()
}

// NewPlan compares the rules in force with those of a file.
func NewPlan(old, changed Rules) Plan {
	before, after := old.canonical(), changed.canonical()
	var p Plan
	p.streams(&before, &after)
	p.identity(before.Identity, after.Identity)
	p.golden(before.Golden, after.Golden)
	return p
}

// EngineNotes says what a changed engine asks of whoever changes it. No setting of it
// is a rule: what is not told here counts from the next start.
func EngineNotes(before, after engine.Config) []string {
	switch {
	case before.Embedded != nil && after.Embedded != nil:
		return embeddedNotes(before.Embedded, after.Embedded)
	case before.Cluster != nil && after.Cluster != nil:
		return clusterNotes(before.Cluster, after.Cluster)
	case after.Cluster != nil:
		return []string{"The engine changes from embedded to cluster: stop Kith, and move log and state there with kith migrate-engine before the next start. The topics need as many partitions as the data folder has."}
	case after.Embedded != nil:
		return []string{"The engine changes from cluster to embedded: what the cluster holds stays there, and the next start works on what the data folder holds."}
	}
	return nil
}

// KeepNote says what a changed quarantine.keep does, "" where it is as it was. It is no
// rule: which records it gives up is written into the log by the process that does.
func KeepNote(before, after pipeline.Config) string {
	switch {
	case before.Keep == after.Keep:
		return ""
	case after.Keep == 0:
		return "quarantine.keep is taken away: from the next start on nothing leaves the quarantine by itself."
	}
	return fmt.Sprintf("quarantine.keep changes from %s to %s: from the next start on, what was received longer ago than that leaves the quarantine for good, and counts as expired.",
		keeps(before.Keep), keeps(after.Keep))
}

// keeps writes a time as the file would have it.
func keeps(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d == 0:
		return "for ever"
	case d%day == 0:
		return strconv.Itoa(int(d/day)) + "d"
	}
	return d.String()
}

func embeddedNotes(before, after *engine.EmbeddedConfig) []string {
	var what []string
	if before.Partitions != after.Partitions && after.Partitions != 0 {
		what = append(what, "partitions")
	}
	if before.TopicPartitions != after.TopicPartitions && after.TopicPartitions != 0 {
		what = append(what, "topic_partitions")
	}
	if len(what) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("engine.embedded changes %s: fixed when the data folder is made, so that the next start refuses another number than it was made with.", listingAnd(what))}
}

func clusterNotes(before, after *engine.ClusterConfig) []string {
	var notes, made []string
	b, a := before.Kafka, after.Kafka
	if b.Prefix != a.Prefix {
		notes = append(notes, "engine.cluster.kafka.prefix changes: it names other topics, and the next start refuses them where the database belongs to those of before.")
	}
	if before.Postgres.Schema != after.Postgres.Schema {
		notes = append(notes, "engine.cluster.postgres.schema changes: it holds another state, and the next start refuses it where the topics belong to that of before.")
	}
	if before.HashKey != after.HashKey {
		notes = append(notes, "engine.cluster.hash_key changes: what was hashed with another key cannot be found again, so set it back to what it was.")
	}
	for _, s := range []struct {
		name    string
		changed bool
	}{
		{"partitions", b.Partitions != a.Partitions}, {"topic_partitions", b.TopicPartitions != a.TopicPartitions},
		{"replication", b.Replication != a.Replication}, {"min_insync", b.MinInSync != a.MinInSync},
	} {
		if s.changed {
			made = append(made, s.name)
		}
	}
	if len(made) > 0 {
		notes = append(notes, fmt.Sprintf("engine.cluster.kafka changes %s: that counts for topics that are yet to be made; those that are there stay as they are.", listingAnd(made)))
	}
	return notes
}

func (p *Plan) tell(what, subject, sentence string) {
	p.Changes = append(p.Changes, Change{What: what, Subject: subject, Sentence: sentence})
}

// part is all that the rules say of one stream.
type part struct {
	Contract contract.StreamConfig
	Cleanse  cleanse.StreamConfig
	Quality  quality.StreamConfig
}

func (r *Rules) parts() map[string]part {
	m := map[string]part{}
	for _, s := range r.Streams {
		m[s.Stream] = part{Contract: s, Cleanse: cleanse.StreamConfig{Stream: s.Stream}, Quality: quality.StreamConfig{Stream: s.Stream}}
	}
	for _, s := range r.Cleanse {
		if e, ok := m[s.Stream]; ok {
			e.Cleanse = s
			m[s.Stream] = e
		}
	}
	for _, s := range r.Quality {
		if e, ok := m[s.Stream]; ok {
			e.Quality = s
			m[s.Stream] = e
		}
	}
	return m
}

func (p *Plan) streams(before, after *Rules) {
	old, now := before.parts(), after.parts()
	names := append(keysOf(old), keysOf(now)...)
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		o, was := old[name]
		n, is := now[name]
		switch {
		case !was:
			p.tell("added", name, fmt.Sprintf("Stream %s (%s) is added: its records are taken from now on.", name, n.Contract.Kind))
		case !is:
			p.tell("dropped", name, fmt.Sprintf("Stream %s is dropped: nothing more is taken; what it gave stays in profiles and warehouse.", name))
		default:
			if what := o.differences(n); len(what) > 0 {
				text := fmt.Sprintf("Stream %s changes its %s: records received from now on are judged by it; earlier ones keep the version they came in under.", name, listingAnd(what))
				if slices.Contains(what, "seq") && o.Contract.Seq != "" {
					text += " Of one key the record with the greatest seq still wins, whichever version gave it: a text is greater than any time, and a time than any number."
				}
				p.tell("changed", name, text)
			}
		}
	}
}

// differences names the settings in which two versions of a stream differ.
func (o part) differences(n part) []string {
	var what []string
	note := func(name string, a, b any) {
		if !same(a, b) {
			what = append(what, name)
		}
	}
	note("source", o.Contract.Source, n.Contract.Source)
	note("kind", o.Contract.Kind, n.Contract.Kind)
	note("key", o.Contract.Key, n.Contract.Key)
	note("seq", [2]any{o.Contract.Seq, o.Contract.SeqTime}, [2]any{n.Contract.Seq, n.Contract.SeqTime})
	note("occurred", [2]any{o.Contract.Occurred, o.Contract.OccurredTime}, [2]any{n.Contract.Occurred, n.Contract.OccurredTime})
	note("deleted", o.Contract.Deleted, n.Contract.Deleted)
	note("on_drift", o.drift(), n.drift())
	note("contract", o.Contract.Schema, n.Contract.Schema)
	if names := changedEvents(o.Contract.Events, n.Contract.Events); len(names) > 0 {
		what = append(what, "contracts ("+strings.Join(names, ", ")+")")
	}
	note("unplanned_events", o.Contract.Unplanned, n.Contract.Unplanned)
	if names := changedAttributes(o.Cleanse.Attributes, n.Cleanse.Attributes); len(names) > 0 {
		what = append(what, "attributes ("+strings.Join(names, ", ")+")")
	}
	note("identifiers", o.Cleanse.Identifiers, n.Cleanse.Identifiers)
	note("mailbox", o.Cleanse.Mailbox, n.Cleanse.Mailbox)
	note("consent", o.Cleanse.Consent, n.Cleanse.Consent)
	note("expect", o.Quality.Checks, n.Quality.Checks)
	return what
}

// drift is all that a stream says of drift.
func (o part) drift() any {
	return struct {
		Rest contract.Policy
		Own  *contract.DriftRules
	}{o.Contract.OnDrift, o.Contract.Drift}
}

// changedEvents lists the events whose contracts are added, dropped or changed.
func changedEvents(before, after map[string]*contract.Schema) []string {
	all := append(keysOf(before), keysOf(after)...)
	slices.Sort(all)
	var names []string
	for _, name := range slices.Compact(all) {
		switch old, now := before[name], after[name]; {
		case old == nil:
			names = append(names, strconv.Quote(name)+" is new")
		case now == nil:
			names = append(names, strconv.Quote(name)+" is dropped")
		case !old.Equal(now):
			names = append(names, strconv.Quote(name))
		}
	}
	return names
}

// changedAttributes lists those that are added, dropped or made in another way.
func changedAttributes(before, after []cleanse.AttributeConfig) []string {
	byName := func(list []cleanse.AttributeConfig) map[string]cleanse.AttributeConfig {
		m := make(map[string]cleanse.AttributeConfig, len(list))
		for _, a := range list {
			m[a.Name] = a
		}
		return m
	}
	old, now := byName(before), byName(after)
	all := append(keysOf(old), keysOf(now)...)
	slices.Sort(all)
	var names []string
	for _, name := range slices.Compact(all) {
		_, was := old[name]
		_, is := now[name]
		switch {
		case !was:
			names = append(names, name+" is new")
		case !is:
			names = append(names, name+" is dropped")
		case !same(old[name], now[name]):
			names = append(names, name)
		}
	}
	return names
}

const rebuilt = "a new generation re-resolves every record, and is swapped in once it has caught up"

func (p *Plan) identity(before, after identity.Config) {
	if same(before, after) {
		return
	}
	p.NeedsGeneration = true
	var what []string
	old, now := typesByName(before), typesByName(after)
	for _, t := range after.Types {
		o, was := old[t.Type]
		if !was {
			what = append(what, "adds "+t.Type)
		} else if !same(o, t) {
			what = append(what, "changes the limits of "+t.Type)
		}
	}
	for _, t := range before.Types {
		if _, is := now[t.Type]; !is {
			what = append(what, "drops "+t.Type)
		}
	}
	if len(what) == 0 && !same(before.Types, after.Types) {
		what = append(what, "reorders the identifier types")
	}
	if before.MaxPerson != after.MaxPerson {
		what = append(what, "changes max_person")
	}
	if before.LargeRegion != after.LargeRegion {
		what = append(what, "changes large_region")
	}
	p.tell("changed", "identity", fmt.Sprintf("Identity %s: %s.", listingAnd(what), rebuilt))
}

func typesByName(c identity.Config) map[string]identity.TypeConfig {
	m := map[string]identity.TypeConfig{}
	for _, t := range c.Types {
		m[t.Type] = t
	}
	return m
}

func (p *Plan) golden(before, after golden.Config) {
	if same(before, after) {
		return
	}
	p.NeedsGeneration = true
	old, now := map[string]golden.RuleConfig{}, map[string]golden.RuleConfig{}
	for _, r := range before.Rules {
		old[r.Attribute] = r
	}
	for _, r := range after.Rules {
		now[r.Attribute] = r
	}
	names := append(keysOf(old), keysOf(now)...)
	slices.Sort(names)
	var what []string
	for _, name := range slices.Compact(names) {
		if !same(old[name], now[name]) {
			what = append(what, name)
		}
	}
	if !same(before.Default, after.Default) {
		what = append(what, "every attribute without a rule of its own")
	}
	p.tell("changed", "golden", fmt.Sprintf("The golden rule of %s changes: %s.", listingAnd(what), rebuilt))
}

// same compares by canonical JSON, so that absent and empty are one.
func same(a, b any) bool {
	x, errX := json.Marshal(a, json.Deterministic(true))
	y, errY := json.Marshal(b, json.Deterministic(true))
	return errX == nil && errY == nil && string(x) == string(y)
}

// listingAnd writes names as "a, b and c".
func listingAnd(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
