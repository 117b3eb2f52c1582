package api

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/record"
)

// Role is what a caller may do: ingest, read, operate or admin.
type Role string

// The roles. Admin includes all, Operate includes Read, Ingest stands alone.
const (
	RoleIngest  Role = "ingest"
	RoleRead    Role = "read"
	RoleOperate Role = "operate"
	RoleAdmin   Role = "admin"
)

// allows reports whether a caller of role r may do what needs role need.
func (r Role) allows(need Role) bool {
	switch r {
	case RoleAdmin:
		return true
	case RoleOperate:
		return need == RoleOperate || need == RoleRead
	}
	return r == need
}

// Principal is who calls.
type Principal struct {
	ID   string
	Name string
	Role Role
}

// Key is an API key without its secret.
type Key struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Role    Role      `json:"role"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires,omitzero"`
	Revoked time.Time `json:"revoked,omitzero"`
}

// AuditEntry is one read of personal data, or one act. What is a profile's id or a
// keyed hash, never personal data.
type AuditEntry struct{ Principal, Action, What, Outcome string }

// AuditReport is what verifying the chain found.
type AuditReport struct {
	Sound    bool         `json:"sound"`
	Segments int          `json:"segments"`
	Entries  uint64       `json:"entries"`
	Head     string       `json:"head"`
	Torn     int          `json:"torn"`
	Faults   []AuditFault `json:"faults"`
}

// AuditFault is one altered, missing or reordered entry.
type AuditFault struct {
	Segment string `json:"segment"`
	Line    int    `json:"line"`
	Code    string `json:"code"`
	What    string `json:"what"`
}

// Ref names a node or a profile; exactly one member is set.
type Ref struct {
	Profile    string       `json:"profile,omitempty"`
	Identifier *Identifier  `json:"identifier,omitempty"`
	Customer   *CustomerRef `json:"customer,omitempty"`
}

// Identifier is a value that names a person.
type Identifier struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// CustomerRef names what one source says of a person.
type CustomerRef struct {
	Source string `json:"source"`
	Stream string `json:"stream"`
	Key    string `json:"key"`
}

// Decision is a steward's word. Merge says that a and b are one person, unmerge
// that they are two; withdraw takes an earlier word on the pair back.
type Decision struct {
	Action string `json:"action"`
	A      []Ref  `json:"a"`
	B      []Ref  `json:"b"`
	Reason string `json:"reason,omitempty"`
	By     string `json:"-"` // id of the caller's key
}

// Decided is an accepted decision. It takes effect once state reaches the token.
type Decided struct {
	ID    string `json:"id"`
	Token string `json:"token"`
}

// ReviewItem is a link that waits for a decision.
type ReviewItem struct {
	ID     string    `json:"id"`
	Kind   string    `json:"kind"` // refused, contradiction or scored
	A      Ref       `json:"a"`
	B      Ref       `json:"b"`
	Reason string    `json:"reason"` // stable code
	Detail string    `json:"detail,omitempty"`
	Weight *float64  `json:"weight,omitempty"`
	Since  time.Time `json:"since"`
}

// Explanation tells why two nodes are, or are not, one person.
type Explanation struct {
	Same     bool          `json:"same"`
	ProfileA string        `json:"profile_a,omitempty"`
	ProfileB string        `json:"profile_b,omitempty"`
	Summary  string        `json:"summary"`
	Steps    []ExplainStep `json:"steps"` // the chain of links from a to b, or the links refused between them
}

// ExplainStep is one link on the way, or one that was refused.
type ExplainStep struct {
	Kind   string      `json:"kind"` // exact, scored, must_link, cannot_link
	A      Ref         `json:"a"`
	B      Ref         `json:"b"`
	Taken  bool        `json:"taken"`
	Rule   string      `json:"rule"` // what it was taken or refused under
	Weight *float64    `json:"weight,omitempty"`
	Fields []Agreement `json:"fields,omitempty"`
	Detail string      `json:"detail,omitempty"`
}

// Agreement is how far one field of a scored match agreed.
type Agreement struct {
	Field  string  `json:"field"`
	Level  string  `json:"level"`
	Weight float64 `json:"weight"`
}

// QuarantineReason is how many records one reason set aside.
type QuarantineReason struct {
	Code   string `json:"code"`
	Source string `json:"source"`
	Stream string `json:"stream"`
	Field  string `json:"field,omitempty"`
	Count  uint64 `json:"count"`
	// When the first and the last of them were received.
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
	Mend  string    `json:"mend,omitempty"`
	// The first of them by their place, as many as were asked for.
	Samples []Quarantined `json:"-"`
}

// QuarantineFilter chooses quarantined records; zero fields choose all.
type QuarantineFilter struct {
	Code, Source, Stream string
	After                *Place // those that lie after it
	Limit                int
}

// Chosen chooses quarantined records by why they are there; zero fields choose all.
type Chosen struct {
	Code   string  `json:"code,omitempty"`
	Source string  `json:"source,omitempty"`
	Stream string  `json:"stream,omitempty"`
	Field  *string `json:"field,omitempty"` // "": those that are about no field
}

// Any reports whether c chooses by anything.
func (c *Chosen) Any() bool { return *c != Chosen{} }

// Place is where a record lies in the ingest log.
type Place struct {
	Partition int32  `json:"partition"`
	Offset    uint64 `json:"offset"`
}

// Quarantined is a record that was set aside.
type Quarantined struct {
	Place
	Reason record.Reason
	Record record.Record
}

// ReplayRequest chooses the quarantined records to judge again: by place, by why they
// are there, or all.
type ReplayRequest struct {
	Chosen
	Places []Place `json:"places,omitempty"`
	All    bool    `json:"all,omitempty"`
}

// ExpireRequest chooses the quarantined records to give up.
type ExpireRequest struct {
	Chosen
	Before time.Time `json:"before"` // received before then
}

// TryRequest chooses the quarantined records to try, and what to try on them.
type TryRequest struct {
	Chosen
	Rules   jsontext.Value `json:"rules,omitzero"` // nil: those of the project's file as it is
	Raw     bool           `json:"raw,omitempty"`
	Samples int            `json:"samples,omitempty"` // records to show of each group
}

// Tried is what rules that are not in force would make of quarantined records.
type Tried struct {
	Fingerprint string       `json:"fingerprint"`
	Rules       uint32       `json:"rules"` // version of those in force
	Changes     []PlanChange `json:"changes"`
	Records     int          `json:"records"`
	Pass        int          `json:"pass"`
	More        bool         `json:"more"` // others were not tried
	Masked      bool         `json:"masked"`
	Groups      []Trial      `json:"groups"`
}

// TriedGroup is why records are in quarantine, and what would become of them.
type TriedGroup struct {
	Code     string `json:"code"`
	Source   string `json:"source"`
	Stream   string `json:"stream"`
	Field    string `json:"field"`
	Outcome  string `json:"outcome"` // passes, quarantined or discarded
	NewCode  string `json:"new_code"`
	NewField string `json:"new_field"`
}

// Trial is one group, with some of its records.
type Trial struct {
	TriedGroup
	NewDetail string        `json:"new_detail,omitempty"`
	Count     int           `json:"count"`
	Samples   []TriedSample `json:"samples"`
}

// TriedSample is a record as it was sent, and the attributes that it would have.
type TriedSample struct {
	Place
	Before string `json:"before"`
	After  string `json:"after"`
}

// Replayed is an accepted replay or expiry.
type Replayed struct {
	Records int    `json:"records"`
	Token   string `json:"token"`
}

// Ledger accounts for every accepted record (I4).
type Ledger struct {
	Balanced bool         `json:"balanced"`
	Accepted uint64       `json:"accepted"`
	Pending  uint64       `json:"pending"`
	Lines    []LedgerLine `json:"lines"`
}

// LedgerLine is what became of one stream's records.
type LedgerLine struct {
	Source      string `json:"source"`
	Stream      string `json:"stream"`
	Applied     int64  `json:"applied"`
	Superseded  int64  `json:"superseded"`
	Duplicate   int64  `json:"duplicate"`
	Quarantined int64  `json:"quarantined"`
	Discarded   int64  `json:"discarded"`
	Erased      int64  `json:"erased"`
	Expired     int64  `json:"expired"`
	Pending     int64  `json:"pending"`
}

// Trace is where a message went.
type Trace struct {
	Source    string `json:"source"`
	MessageID string `json:"message_id"`
	Hops      []Hop  `json:"hops"`
	// What was sent and what became of it, where asked for; nil otherwise.
	Values *TracedValues `json:"values,omitempty"`
}

// TracedValues is what a message said, beside what cleansing made of it. Content and
// values are JSON texts.
type TracedValues struct {
	Masked     bool              `json:"masked"`
	Content    string            `json:"content"` // as it was sent
	Attributes []TracedAttribute `json:"attributes"`
}

// TracedAttribute is an attribute beside the fields it was made from; without a name,
// the fields that none was made of.
type TracedAttribute struct {
	Attribute string        `json:"attribute,omitempty"`
	Value     string        `json:"value,omitempty"`
	Filled    bool          `json:"filled,omitempty"`
	Fields    []TracedField `json:"fields"`
}

// TracedField is a field under its own name.
type TracedField struct {
	Field string `json:"field"`
	Value string `json:"value"`
}

// mask leaves the shape of what it says.
func (v *TracedValues) mask() {
	v.Masked = true
	v.Content = string(mask([]byte(v.Content)))
	for i := range v.Attributes {
		a := &v.Attributes[i]
		a.Value = string(mask([]byte(a.Value)))
		for j := range a.Fields {
			a.Fields[j].Value = string(mask([]byte(a.Fields[j].Value)))
		}
	}
}

// Hop is one station of a message: accepted, refined, resolved, golden, warehouse,
// or a destination.
type Hop struct {
	Hop     string    `json:"hop"`
	Time    time.Time `json:"time,omitzero"`
	Place   *Place    `json:"place,omitempty"`
	Outcome string    `json:"outcome"`
	Code    string    `json:"code,omitempty"`
	Field   string    `json:"field,omitempty"`
	Detail  string    `json:"detail,omitempty"`
	Profile string    `json:"profile,omitempty"`
	Version uint64    `json:"version,omitempty"`
}

// Status is how the process stands.
type Status struct {
	Name         string           `json:"name"`
	Version      string           `json:"version"`
	Started      time.Time        `json:"started"`
	Rules        uint32           `json:"rules"`
	Accepted     uint64           `json:"accepted"`
	Done         uint64           `json:"done"`
	Lag          uint64           `json:"lag"` // records in the log that the road has not done
	PerSecond    float64          `json:"records_per_second"`
	Partitions   []Partition      `json:"partitions"`
	Generations  []Generation     `json:"generations"`
	Sources      []Source         `json:"sources"` // those that run, by name
	Warehouse    *WarehouseStatus `json:"warehouse,omitempty"`
	Destinations []Destination    `json:"destinations"`
}

// Partition is how far the road is in one partition of the ingest log.
type Partition struct {
	Partition int32  `json:"partition"`
	First     uint64 `json:"first"`
	End       uint64 `json:"end"`
	Done      uint64 `json:"done"`
}

// Generation is a set of identity and golden state under one version of the rules.
type Generation struct {
	Number uint32 `json:"number"`
	Rules  uint32 `json:"rules"`
	State  string `json:"state"` // current or building
	Behind uint64 `json:"behind"`
}

// Source is what a source has done since the start.
type Source struct {
	Name       string `json:"name"`
	Type       string `json:"type"` // file, tracking or webhook
	State      string `json:"state"`
	Records    uint64 `json:"records"`         // put, rejected ones included
	Rejected   uint64 `json:"rejected"`        // of them, those that cannot be read and will be quarantined
	Files      int    `json:"files,omitempty"` // read to their end
	Bytes      int64  `json:"bytes,omitempty"` // of the files in the current or last look, as they lie on disk
	TotalBytes int64  `json:"total_bytes,omitempty"`
	Fault      string `json:"fault,omitempty"` // code for which the files' place could not be read at the last look, or a file not to its end, or a snapshot deleted nothing
}

// The states of a source.
const (
	SourceWaiting   = "waiting" // for its first look at the files
	SourceReading   = "reading"
	SourceIdle      = "idle" // all there is was read; it watches for more
	SourceDone      = "done" // all there was is read; it looks no more
	SourceListening = "listening"
)

// WarehouseStatus is how far the warehouse's loader has come.
type WarehouseStatus struct {
	Rows     uint64    `json:"rows"`
	Behind   uint64    `json:"behind"` // emitted records not yet loaded
	Failures uint64    `json:"failures"`
	Fault    string    `json:"fault,omitempty"` // code of the last failed try
	LastLoad time.Time `json:"last_load,omitzero"`
}

// Destination is how far deliveries to one destination have come.
type Destination struct {
	Name        string    `json:"name"`
	Type        string    `json:"type"`
	State       string    `json:"state"` // running, retrying, cut_off or stopped
	Delivered   uint64    `json:"delivered"`
	DeadLetters uint64    `json:"dead_letters"`
	Behind      uint64    `json:"behind"`
	Fault       string    `json:"fault,omitempty"` // code of the last failed try
	LastSuccess time.Time `json:"last_success,omitzero"`
	Secret      string    `json:"secret"` // who chose it: made (by Kith) or configured
}

// DeadLetter is a message that a destination did not take.
type DeadLetter struct {
	ID       string    `json:"id"`
	Kind     string    `json:"kind"`
	Profile  string    `json:"profile,omitempty"`
	Time     time.Time `json:"time"`
	Attempts int       `json:"attempts"`
	Code     string    `json:"code"`
	Status   int       `json:"status,omitempty"` // of the last HTTP answer
	Detail   string    `json:"detail,omitempty"`
}

// Redelivered is how many dead letters were queued again.
type Redelivered struct {
	Queued int `json:"queued"`
}

// Plan is what applying the configuration file would do.
type Plan struct {
	Running     string       `json:"running"`     // fingerprint of the rules in force
	Fingerprint string       `json:"fingerprint"` // of the file
	Generation  bool         `json:"generation"`  // a new generation would be built
	Changes     []PlanChange `json:"changes"`
	Notes       []string     `json:"notes,omitempty"` // what a changed engine asks for; applying does not do it
}

// PlanChange is one difference between the file and the rules in force.
type PlanChange struct {
	Path   string `json:"path"`
	Change string `json:"change"` // added, removed or changed
	Effect string `json:"effect"`
}

// Applied is an applied plan.
type Applied struct {
	Fingerprint string `json:"fingerprint"`
	Rules       uint32 `json:"rules"`
	Generation  bool   `json:"generation"`
	Token       string `json:"token,omitempty"`
}

// Rebuilt is a rebuild that began.
type Rebuilt struct {
	Generation uint32 `json:"generation"`
}
