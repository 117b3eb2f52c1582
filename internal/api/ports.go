// Package api is Kith's HTTP door for reading profiles and for administration:
// authentication, roles, the audit of every read of personal data (I7), and the
// handlers of openapi.yaml, which is written first and which the handlers are
// tested against through a generated client.
//
// The room imports record and kit, and asks everything else through the small
// interfaces of this file, which the composition root fills. No personal data is
// in a URL (I6): look-ups are POSTs, and unknown query parameters are refused.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kithdata/kith/internal/kit/clock"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// Deps is what the server asks. A nil interface makes its operations answer 501
// with code not_configured; Keys, Audit and Clock must be set.
type Deps struct {
	Profiles     Profiles
	Stewards     Stewards
	Quarantine   Quarantine
	Road         Road
	Plans        Plans
	Warehouse    Warehouse
	Destinations Destinations
	Contracts    Contracts
	Pixels       Pixels
	Keys         Keys
	Audit        Audit
	Peers        Peers // nil: no other process shares the state

	// Ready says whether the process should get traffic, and if not, why; nil: always.
	Ready func(context.Context) (bool, []string)
	// Statuses adds HTTP statuses for codes that the room does not know.
	Statuses map[errs.Code]int
	Registry *prometheus.Registry // nil: a new one
	Clock    clock.Clock
	Log      *slog.Logger // nil: says nothing
}

// Profiles reads golden records.
type Profiles interface {
	// Find gives the profile that each identifier belongs to now, each profile once,
	// in order of the identifiers; identifiers that nobody has are left out. It
	// brings values into their canonical form itself.
	Find(ctx context.Context, ids []record.Identifier) ([]record.ProfileID, error)
	// Read gives a profile; for an id that resolves to another profile, that one. It
	// fails with codes profile_unknown, profile_gone and version_unknown.
	Read(ctx context.Context, id record.ProfileID, at AsOf) (*record.Profile, error)
	// History gives at most limit versions of an id below before, newest first; a
	// before of 0 begins at the newest. It fails with code profile_unknown.
	History(ctx context.Context, id record.ProfileID, before uint64, limit int) ([]*record.Profile, error)
	// Crosswalk gives what every source says of the person now.
	Crosswalk(ctx context.Context, id record.ProfileID) ([]*record.SourceCustomer, error)
	// Wait returns once profiles reflect the position, or with ctx's error. It fails
	// with code bad_token for a position of another log.
	Wait(ctx context.Context, at record.Position) error
}

// AsOf is the moment that a profile is read at; the zero AsOf is now.
type AsOf struct {
	Version uint64 // that version; 0: by time
	Time    int64  // received time, microseconds UTC; 0: now
}

// Stewards decides on doubtful merges.
type Stewards interface {
	Decide(ctx context.Context, d *Decision) (*Decided, error)
	// Review gives what waits for a decision after cursor ("" at first), and the
	// cursor of the next page, "" at the end.
	Review(ctx context.Context, cursor string, limit int) (items []ReviewItem, next string, err error)
	Explain(ctx context.Context, a, b Ref) (*Explanation, error)
}

// Quarantine is the records that were set aside.
type Quarantine interface {
	// Reasons counts the records that are chosen, with at most so many samples of each.
	Reasons(ctx context.Context, of Chosen, samples int) ([]QuarantineReason, error)
	// List gives at most f.Limit records in order of place, fewer where they are large;
	// more says that others may follow.
	List(ctx context.Context, f QuarantineFilter) (list []Quarantined, more bool, err error)
	Replay(ctx context.Context, r *ReplayRequest) (*Replayed, error)
	// Try judges by r's rules, or by the project's file as it is, and changes nothing. It
	// fails with code bad_fix for faulty rules.
	Try(ctx context.Context, r *TryRequest) (*Tried, error)
	// Expire gives up the records that were received before a time.
	Expire(ctx context.Context, r *ExpireRequest) (*Replayed, error)
}

// Contracts tells how the streams' contracts stand.
type Contracts interface {
	List(ctx context.Context) ([]Contract, error)
	// History fails with code stream_unknown, as the next two. An event names the contract
	// of a single event; contract_unknown says that it has none.
	History(ctx context.Context, stream, event string) (*ContractHistory, error)
	// Diff compares two versions: by the rules that applied them, or proposed. An empty to
	// is the newest, an empty from the one before to.
	Diff(ctx context.Context, stream, event, from, to string) (*ContractDiff, error)
	// Check fails with the codes of contracts that cannot be read.
	Check(ctx context.Context, stream string, candidate *ContractCandidate) (*ContractCheck, error)
	// Drift fails with code stream_unknown.
	Drift(ctx context.Context, stream string) ([]Drift, error)
}

// Road tells how the road stands, and rebuilds.
type Road interface {
	Ledger(ctx context.Context) (*Ledger, error)
	// Trace fails with code message_unknown. It shows what the message said, unmasked,
	// only with values.
	Trace(ctx context.Context, source, messageID string, values bool) (*Trace, error)
	Status(ctx context.Context) (*Status, error)
	Rebuild(ctx context.Context) (*Rebuilt, error)
}

// Plans compares the configuration file with the rules in force.
type Plans interface {
	Plan(ctx context.Context) (*Plan, error)
	// Apply applies the file, on behalf of a key, if its fingerprint is the given one; it
	// fails with code plan_changed otherwise.
	Apply(ctx context.Context, fingerprint, by string) (*Applied, error)
}

// Warehouse answers reading SQL. It fails with codes that begin with sql_.
type Warehouse interface {
	// Query gives at most rows rows; 0 means the warehouse's own limit.
	Query(ctx context.Context, sql string, rows int) (Answer, error)
}

// Answer is the result of a query: it appends itself as the object SQLResult of
// openapi.yaml.
type Answer interface{ AppendJSON(b []byte) []byte }

// Destinations is where profiles are delivered to. Its calls fail with code
// destination_unknown.
type Destinations interface {
	List(ctx context.Context) ([]Destination, error)
	// Secret gives the signing secret that Kith made for a destination; it fails with
	// code secret_configured where the project names its own.
	Secret(ctx context.Context, name string) (string, error)
	DeadLetters(ctx context.Context, name, cursor string, limit int) (list []DeadLetter, next string, err error)
	// Redeliver queues dead letters again, all of them where ids is empty.
	Redeliver(ctx context.Context, name string, ids []string) (*Redelivered, error)
}

// Peers is the other processes that share the state.
type Peers interface {
	// Where gives the base URL of the process that does something which one at a time
	// does, "" where that is this one. It fails with codes process_none and
	// process_unreachable.
	Where(ctx context.Context, what string) (base string, err error)
	// Transport is the way to it.
	Transport() http.RoundTripper
}

// Pixels makes the images of e-mails.
type Pixels interface {
	// Seal gives the path under which the image of an event lies. It fails with codes
	// pixel_source_unknown and bad_pixel.
	Seal(ctx context.Context, r *PixelRequest) (path string, err error)
}

// Keys is who may call.
type Keys interface {
	// Authenticate fails with code unauthenticated.
	Authenticate(ctx context.Context, presented string) (Principal, error)
	// Create gives the key and its secret, which is shown this once.
	Create(ctx context.Context, name string, role Role, expires time.Time) (Key, string, error)
	List(ctx context.Context) ([]Key, error)
	// Revoke fails with code key_unknown.
	Revoke(ctx context.Context, id string) (Key, error)
}

// Audit is the chain of who read what.
type Audit interface {
	// Record adds an entry, durable on return where durable is set, else within a second.
	Record(ctx context.Context, e AuditEntry, durable bool) error
	// Hash is the keyed hash under which an entry names what was asked.
	Hash(parts ...string) string
	// Query is the form in which an entry may name an SQL query.
	Query(sql string) string
	Verify(ctx context.Context) (*AuditReport, error)
}
