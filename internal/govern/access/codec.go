package access

import (
	"strings"
	"time"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/kit/wire"
)

// keyVersion is the first byte of every stored key (I8).
const keyVersion = 1

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

func encodeKey(k *Key) []byte {
	var e wire.Encoder
	e.Byte(keyVersion)
	e.String(k.ID)
	e.String(k.Name)
	e.Byte(byte(k.Role))
	e.Int(micros(k.Created))
	e.Int(micros(k.Expires))
	e.Int(micros(k.Revoked))
	e.Raw(k.hash[:])
	return e.B
}

func decodeKey(b []byte) (Key, error) {
	d := wire.NewDecoder(b)
	if v := d.Byte(); d.Err() == nil && v != keyVersion {
		return Key{}, errs.New("key_format", "a stored API key has a format this version cannot read").Fix("open this data folder with the version that wrote it, or a later one")
	}
	k := Key{ID: strings.Clone(d.String()), Name: strings.Clone(d.String()), Role: Role(d.Byte()),
		Created: moment(d.Int()), Expires: moment(d.Int()), Revoked: moment(d.Int())}
	copy(k.hash[:], d.Raw(len(k.hash)))
	if k.Role < Ingest || k.Role > Admin {
		d.Fail()
	}
	if err := d.Finish(); err != nil {
		return Key{}, errs.Wrap("key_format", "reading a stored API key", err)
	}
	return k, nil
}
