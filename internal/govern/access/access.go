// Package access is who may call Kith: API keys, their roles, and the check of a
// presented key.
//
// A key is kith_<role>_<32 random base32 characters>. Only its SHA-256 is stored.
// A slow password hash would add nothing: a key carries 160 random bits, so nobody
// can search for one from its hash, while every request must be checked within
// microseconds. The role that counts is the stored one; the role in the text is
// there for the people who handle keys, and for secret scanners.
//
// The room keeps its documents in a record.Store and may touch nothing else.
package access

import (
	"strings"
	"time"

	"github.com/kithdata/kith/internal/kit/errs"
)

// Role is what a key may do.
type Role uint8

// The roles. Admin includes all others, Operate includes Read; Ingest stands alone,
// so that a key that sits in a web page can read nothing.
const (
	Ingest  Role = iota + 1 // send records
	Read                    // read profiles, the ledger, the warehouse
	Operate                 // decide, replay, apply, rebuild
	Admin                   // keys and the audit chain
)

var roleNames = [...]string{"", "ingest", "read", "operate", "admin"}

func (r Role) String() string {
	if int(r) < len(roleNames) {
		return roleNames[r]
	}
	return "unknown"
}

// RoleOf reads a role's name. It fails with code role_unknown.
func RoleOf(name string) (Role, error) {
	for i, n := range roleNames {
		if i > 0 && n == name {
			return Role(i), nil
		}
	}
	return 0, errs.New("role_unknown", "there is no such role").At("role").Fix("use ingest, read, operate or admin")
}

// Allows reports whether a key of role r may do what needs role need.
func (r Role) Allows(need Role) bool {
	switch r {
	case Admin:
		return need >= Ingest && need <= Admin
	case Operate:
		return need == Operate || need == Read
	case Read, Ingest:
		return need == r
	}
	return false
}

// Principal is who presented a key.
type Principal struct {
	ID   string // the key's id: what the audit chain names
	Name string
	Role Role
}

// Key is what is kept of an API key: everything but the key itself.
type Key struct {
	ID      string
	Name    string
	Role    Role
	Created time.Time
	Expires time.Time // zero: never
	Revoked time.Time // zero: not revoked

	hash [32]byte
}

// usable reports whether the key opens anything at the moment now.
func (k *Key) usable(now time.Time) bool {
	return k.Revoked.IsZero() && (k.Expires.IsZero() || now.Before(k.Expires))
}

// checkName keeps names printable and short: they are shown in lists and tables.
func checkName(name string) error {
	if name == "" || len(name) > 100 || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\uFFFD' }) {
		return errs.New("key_name", "a key's name has 1 to 100 printable bytes").At("name").Fix("name the key after what uses it, such as \"loyalty app\"")
	}
	return nil
}
