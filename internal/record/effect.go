package record

// Effect is what one record (or one deferred re-solve) did to one profile. Identity
// makes effects inside the state transaction, in the order of their causes; golden
// turns each into at most one new version of that profile.
//
// Everything an Effect points to is as of its cause and never changed afterwards.
type Effect struct {
	Cause   Cause
	Profile ProfileID
	Kind    ChangeKind // Created, Updated, Split, Merged or Erased
	Into    ProfileID  // Merged: where the id resolves to from now on

	// The profile's whole content, for Created, Updated and Split.
	Customers   []*SourceCustomer // live ones, by canonical node
	Identifiers []MemberIdentifier
	Members     []NodeKey // every node of the person, sorted
	Consents    []ConsentState
	Suppressed  bool
	Pending     bool // a re-solve of its region is queued
}

// Cause names the record that made something happen.
type Cause struct {
	Partition int32
	Offset    uint64
	Received  int64  // microseconds UTC: the time of every version that it causes
	Source    string // of the causing record; empty for a re-solve
	Stream    string
}

// SourceCustomer is what one source says of a person now: the crosswalk's row. It
// is immutable; a change makes a new one.
type SourceCustomer struct {
	Node        NodeKey
	Source      string
	Stream      string
	Key         string
	Order       Order // of its live record; of the newest part for patches
	Received    int64
	Identifiers []Identifier
	Attrs       []TimedAttr // by name
}

// TimedAttr is an attribute with its own effective time: patches give each its own.
type TimedAttr struct {
	Attr
	Order Order // Order.Effective is what most_recent and oldest compare
}

// MemberIdentifier is an identifier value of a person.
type MemberIdentifier struct {
	Identifier
	Node  NodeKey
	First int64 // earliest received time of a kept record that names it
}

// ConsentState is the latest word on one purpose and channel of an identifier.
type ConsentState struct {
	Purpose, Channel string
	Granted          bool
	Effective        int64 // microseconds UTC
	Source           string
	Proof            string
	Identifier       Identifier
}
