package webhook

import "time"

// Config is one webhook destination.
type Config struct {
	Name         string
	URL          string
	Secret       string        // Standard Webhooks secrets, whsec_…, a blank between them; empty: one is made and kept (Destination.Secret)
	On           []string      // profile.created, profile.updated, profile.changed (any), profile.merged, profile.split, profile.erased, event.<name>, event.*
	When         string        // CEL condition; empty: always
	Consent      string        // purpose, or purpose/channel, that must be granted; empty: none (suppressed people are never sent)
	AllowPrivate bool          // allow loopback and private addresses
	Timeout      time.Duration // of one request; default 10 s
	Attempts     int           // before a message becomes a dead letter; default 12
	Concurrency  int           // requests at once, per profile always one; default 8
	Horizon      uint64        // emitted records it may lag before it is cut off; default 10,000,000
}
